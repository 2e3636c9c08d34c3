"""A run's statements tell whose they are, in a comment that is the same throughout a stage."""

from uuid import uuid4

import psycopg

from reseal import about
from reseal.about import about_run
from reseal.store.store import Statement
from tests.reseal.scene import Scene

RUN = uuid4()
ASK = "SELECT %s::int, 'a%%b' AS t"
WITHOUT = "SELECT 'a%%b' AS t, query FROM pg_stat_activity WHERE pid = pg_backend_pid()"
PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement ~ 'FROM users'"


def test_a_comment_is_as_sqlcommenter_spells_it():
    with about_run(RUN, "encrypt_secrets"), about.about(stage="look & see", field="x*/y"):
        assert about.comment() == (
            f" /*application='reseal',flow='encrypt_secrets',run_id='{RUN}',"
            "stage='look%20%26%20see'*/"
        )


def test_outside_of_a_run_a_statement_is_as_it_is_written(scene: Scene):
    with about.about(stage="backup"):
        assert about.comment() == ""
    query, _ = Statement(WITHOUT).query("reseal", scene.store.connection)
    assert b"/*" not in bytes(query)  # type: ignore[arg-type]


def test_the_server_sees_it_and_per_cents_stay_what_they_are(scene: Scene):
    with about_run(RUN, "verify_secrets"), about.about(stage="a%b"):
        assert scene.store.need(ASK, [3]) == (3, "a%b")
        text, query = scene.store.need(WITHOUT)

    assert text == "a%b"
    assert query.endswith(f"run_id='{RUN}',stage='a%25b'*/")


def test_plans_are_shared_throughout_a_stage(scene: Scene):
    for stage in ("backup", "encrypt"):
        with about_run(RUN, "encrypt_secrets"), about.about(stage=stage):
            for number in range(20):
                scene.store.execute("SELECT email FROM users WHERE id = %s", [number])

    assert scene.store.need(PREPARED) == (2,)


def test_streams_and_parts_carry_it_too(scene: Scene, admin: psycopg.Connection):
    with about_run(RUN, "verify_secrets"), scene.store.transaction():
        assert list(scene.store.stream("SELECT 1", 10)) == [(1,)]
        assert list(scene.store.in_parts("SELECT %s::int", 10, [2])) == [[(2,)]]
