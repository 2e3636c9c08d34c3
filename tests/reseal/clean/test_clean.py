"""What was plaintext is gone from the table's files, by online means, and nothing else changes."""

import threading
from datetime import UTC, datetime
from functools import partial

import psycopg
import pytest

from reseal.audit.action import Action
from reseal.clean.clean import clean, look_up
from reseal.clean.cleaning import Cleaning
from reseal.errors import Stopped, Superseded
from reseal.residue.place import CLEANED, Kind
from reseal.store import event
from reseal.store.control import TAKE_OVER
from reseal.store.event import Event
from reseal.sweep.span import whole
from tests.reseal.clean.scene import cleaned, grep, seal, working
from tests.reseal.clean.secrets import secrets
from tests.reseal.scene import SEED, Scene

OLD = secrets(4000)


def enrol(scene: Scene, values: list[str]) -> None:
    """Insert users by COPY, as many at once."""
    with scene.admin.cursor().copy("COPY users (email, mfa_secret) FROM STDIN") as copy:
        for number, value in enumerate(values):
            copy.write_row((f"user{number}@example.com", value))
    scene.admin.execute("ANALYZE users")


# What describes a field of such a type.
_WORDS = {
    "text[]": {"path": "[*]"},
    "jsonb": {"path": "a"},
    "json": {"path": "a"},
    "bytea": {"format": "bytes"},
}


def falls(cleaning: Cleaning, kind: Kind) -> list[int]:
    """What was found in places of a kind, step by step."""
    return [count for step in cleaning.steps if (count := step.found.get(kind.value)) is not None]


@pytest.fixture
def sealed(scene: Scene) -> Scene:
    enrol(scene, OLD)
    seal(scene)
    return scene


def test_nothing_is_left_in_any_file_of_the_database(sealed: Scene):
    assert sum(grep(sealed, OLD).values()) > len(OLD) * 0.9
    done = cleaned(sealed)
    assert done.is_clean
    assert done.found == 0
    assert grep(sealed, OLD) == {}


def test_every_step_says_what_was_found_after_it(sealed: Scene):
    done = cleaned(sealed)
    assert [step.name for step in done.steps][:3] == ["vacuum", "before", "rewrite 1"]
    heap = falls(done, Kind.HEAP)
    assert heap[0] > len(OLD) * 0.9
    assert heap[-1] == 0
    assert falls(done, Kind.STATISTICS)[0] > 0 == falls(done, Kind.STATISTICS)[-1]
    assert falls(done, Kind.WAL)


def test_values_stay_as_they_stood_and_rows_are_neither_lost_nor_added(sealed: Scene):
    before = sealed.stored()
    cleaned(sealed)
    assert sealed.stored() == before
    assert sorted(filter(None, sealed.opened().values())) == sorted(OLD)


def test_the_table_is_hardly_longer_than_before(sealed: Scene):
    size = "SELECT pg_relation_size('users')"
    (before,) = sealed.admin.execute(size).fetchone() or (0,)
    cleaned(sealed)
    (after,) = sealed.admin.execute(size).fetchone() or (0,)
    # VACUUM leaves a few empty pages at the end where that is less than a sixteenth.
    assert after <= before * 9 // 8


def test_an_index_that_held_secrets_is_built_anew(scene: Scene):
    scene.admin.execute("CREATE UNIQUE INDEX one_each ON users (mfa_secret)")
    enrol(scene, OLD)
    seal(scene)
    done = cleaned(scene)
    assert falls(done, Kind.INDEX)[0] > 0
    assert "reindex" in {step.name for step in done.steps}
    assert grep(scene, OLD) == {}


def test_secrets_are_gone_while_the_application_goes_on_writing(sealed: Scene):
    over = threading.Event()
    written: dict[str, str] = {}

    def write() -> None:
        url = sealed.access.url
        with psycopg.connect(url, autocommit=True) as application:
            for number in range(100_000):
                if over.is_set():
                    return
                email, login = f"user{number % len(OLD)}@example.com", f"new{number}@example.com"
                update = "UPDATE users SET last_login = now() WHERE email = %s"
                application.execute(update, [email])
                application.execute("INSERT INTO users (email) VALUES (%s)", [login])
                written[login] = email

    thread = threading.Thread(target=write)
    thread.start()
    try:
        done = cleaned(sealed)
    finally:
        over.set()
        thread.join()
    assert done.found == 0
    assert grep(sealed, OLD) == {}
    assert len(sealed.stored()) == len(OLD) + len(written)


@pytest.mark.parametrize("fillfactor", [50, 70, 90])
def test_room_that_a_table_keeps_free_is_no_hiding_place(scene: Scene, fillfactor: int):
    scene.admin.execute(f"ALTER TABLE users SET (fillfactor = {fillfactor})".encode())
    enrol(scene, OLD)
    seal(scene)
    assert cleaned(scene).found == 0
    assert grep(scene, OLD) == {}


@pytest.mark.parametrize("rows", [1, 3, 30, 200])
def test_small_tables_are_clean_too(scene: Scene, rows: int):
    enrol(scene, OLD[:rows])
    seal(scene)
    cleaned(scene)
    assert grep(scene, OLD[:rows]) == {}


def test_rows_that_are_held_are_left_and_found(sealed: Scene):
    with psycopg.connect(sealed.access.url) as other:
        other.execute("SELECT * FROM users FOR UPDATE")
        done = cleaned(sealed)
    assert done.found
    assert not done.is_clean
    assert cleaned(sealed).found == 0


def test_without_rewriting_what_is_left_is_said(sealed: Scene):
    done = cleaned(sealed, rewrite=False)
    assert falls(done, Kind.HEAP)[-1] == done.found
    assert not done.is_clean
    assert not [s for s in done.steps if s.name.startswith("rewrite")]


def test_with_a_lock_the_table_is_written_into_a_new_file(sealed: Scene):
    done = cleaned(sealed, rewrite=False, lock=True)
    assert "vacuum full" in {step.name for step in done.steps}
    assert done.found == 0
    assert grep(sealed, OLD) == {}


def test_what_was_found_gone_is_not_looked_for_again(sealed: Scene):
    done = cleaned(sealed)
    assert done.is_news
    assert done.looked_for == {sealed.name: (sealed.run_id,)}
    said = {"field": sealed.name, "clean": True, "looked_for": [str(sealed.run_id)]}
    event.append(sealed.store, Event(sealed.run_id, "ada", Action.CLEANED, said))

    later = cleaned(sealed, replaced=0)
    assert (later.look, later.is_news) == (None, False)
    assert cleaned(sealed, replaced=0, again=True).found == 0


def test_nothing_is_proven_without_a_backup(scene: Scene):
    enrol(scene, OLD)
    scene.sweep()
    done = cleaned(scene)
    assert done.look is None
    assert done.found is None
    assert not done.is_clean
    assert any("no proven backup" in said for said in done.not_verified)
    # Covered all the same, as far as that goes unseen.
    assert [step.name for step in done.steps] == ["vacuum", "statistics", "rewrite"]
    assert sum(grep(scene, OLD).values()) < len(OLD) / 100


OWNER = """
CREATE ROLE owns_the_table;
GRANT USAGE ON SCHEMA reseal TO owns_the_table;
GRANT ALL ON ALL TABLES IN SCHEMA reseal TO owns_the_table;
ALTER TABLE users OWNER TO owns_the_table;
"""


def test_without_rights_the_same_is_done_once_and_unseen(sealed: Scene):
    sealed.admin.execute(OWNER)
    try:
        sealed.store.execute("SET ROLE owns_the_table")
        done = cleaned(sealed, len(OLD))
    finally:
        sealed.store.execute("RESET ROLE")
        sealed.admin.execute("REASSIGN OWNED BY owns_the_table TO CURRENT_USER")
        sealed.admin.execute("DROP OWNED BY owns_the_table; DROP ROLE owns_the_table")
    assert [step.name for step in done.steps][:4] == ["vacuum", "before", "statistics", "rewrite"]
    assert (done.found, done.is_clean) == (None, False)
    assert any("may not read the server's files" in said for said in done.not_verified)
    # The planner's statistics are a superuser's to write.
    assert sum(grep(sealed, OLD).values()) < len(OLD) / 20


def test_a_careful_run_cleans_the_same_and_looks_at_a_log_until_it_finds_some(sealed: Scene):
    with working(sealed, reading_rest=19.0) as work:
        old = look_up(sealed.access, work)
        done = clean(sealed.access, work, old, 1, partial(datetime.now, UTC))

    assert done.look
    in_part = {one.place.kind for one in done.look.seen if one.in_part}
    assert in_part == {Kind.WAL}
    assert done.is_clean
    assert grep(sealed, OLD) == {}
    assert sealed.waits


def test_a_stop_comes_between_two_steps(sealed: Scene):
    asked = iter([False, False, True])
    with working(sealed, stop=lambda: next(asked, True)) as work:
        old = look_up(sealed.access, work)
        with pytest.raises(Stopped, match="what is sealed stands"):
            clean(sealed.access, work, old, 1, partial(datetime.now, UTC))
    assert sealed.census().plain == 0


def test_a_run_that_was_superseded_rewrites_nothing(sealed: Scene):
    with working(sealed) as work:
        sealed.store.execute(TAKE_OVER, {"field": sealed.name, "run": sealed.run_id})
        versions = "SELECT sum(xmin::text::bigint) FROM users"
        before = sealed.admin.execute(versions).fetchone()
        with pytest.raises(Superseded):
            work.rewrite(work.heaps[0], whole(sealed.target))
        assert sealed.admin.execute(versions).fetchone() == before


def test_a_row_that_the_table_refuses_stays_and_the_others_are_written(scene: Scene):
    ids = scene.enrol(SEED, SEED, SEED)
    seal(scene)
    scene.admin.execute(f"ALTER TABLE users ADD CHECK (id <> {ids[1]}) NOT VALID".encode())
    with working(scene) as work:
        done = work.rewrite(work.heaps[0], whole(scene.target))
    assert done.refused == 1


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text[]", ["NULL", "'{}'", "'{a,NULL,\"\"}'", "'[0:1]={a,b}'", "'{{a,b},{c,d}}'"]),
        ("jsonb", ["NULL", "'{}'", "'null'", """'{"b": 1, "a": [1.50, "x"]}'"""]),
        ("json", ["NULL", "'{ }'", """'{"b":1,  "b":2}'"""]),
        ("bytea", ["NULL", "''", "'\\\\x00ff5c'"]),
        ("char(5)", ["NULL", "''", "'a  '"]),
    ],
)
def test_no_value_changes_when_it_is_made_of_its_text_once_more(scene: Scene, kind, values):
    words = {"column": "s", "name": "t.s"} | _WORDS.get(kind, {})
    described = scene.table(f"id int PRIMARY KEY, s {kind}", [], **words)
    for number, value in enumerate(values):
        scene.admin.execute(f"INSERT INTO t VALUES ({number}, {value})".encode())
    before = described.texts()
    with working(described) as work:
        done = work.rewrite(work.heaps[0], whole(described.target), anew=True)
    assert described.texts() == before
    assert done.rows + done.refused > 0


def test_kinds_that_a_run_vouches_for_are_those_that_it_has_a_remedy_for():
    assert set(Kind) - {Kind.WAL, Kind.LOG} == CLEANED
