"""The scores of a real database: what is read, by which rights, and what nobody can know."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from reseal import Vault
from reseal.access import Access
from reseal.audit.action import Action
from reseal.census import Census
from reseal.config import parse_config
from reseal.errors import ConnectionLost
from reseal.guard import raise_guard
from reseal.quarantine.trouble import SetAside, Trouble
from reseal.scores.finding import Unknown
from reseal.scores.reading import Verified
from reseal.scores.take import Scores, take_scores
from reseal.store import event, quarantine
from reseal.store.event import Event
from tests.conftest import SENTINEL, USERS_FIELD
from tests.reseal.scene import SEED, Scene
from tests.reseal.scores.readings import term
from tests.reseal.shielding import shielded

NAME = "users.mfa_secret"
SEALED, OPEN, WHOLE = "secrets sealed", "envelopes that open", "all registered fields"
RESIDUE, BACKUPS = "residue of plaintext", "backups beyond their date"
OTHERS = [
    {"name": "gone", "table": "nobody", "column": "secret"},
    {"name": "renamed", "table": "users", "column": "old_secret"},
    {"name": "by mail", "table": "users", "column": "email", "format": "text"},
]
MANY = """
INSERT INTO users (email, mfa_secret)
SELECT n || '@example.com', repeat('x', 196) FROM generate_series(1, 1000) AS n
"""
CLEANED = """
INSERT INTO reseal.event (correlation, actor, action, detail)
VALUES (gen_random_uuid(), 'test', 'cleaned', %s)
"""


def taken(scene: Scene, **given) -> Scores:
    return take_scores(scene.access, scene.store, [NAME], given.pop("verified", {}), **given)


def note(scene: Scene, action: Action, **detail) -> None:
    event.append(scene.store, Event(scene.run_id, "test", action, detail))


def test_a_sealed_and_guarded_table_has_the_points_of_its_rows(scene):
    shielded(scene, *[SEED] * 20)
    raise_guard(scene.store, scene.target)
    note(scene, Action.VALIDATED, field=NAME, claims_hold=True, broken=0)

    score = taken(scene).security

    full = {one.name for one in score.terms if one.points == one.most}
    assert full == {
        SEALED, "under the active key", OPEN, "guard", WHOLE, "age of the key", BACKUPS,
        "seals of the key", "quarantine", "rights of PUBLIC",
    }  # fmt: skip
    unknown = {one.name for one in score.terms if one.value == "unknown"}
    assert unknown == {
        RESIDUE, "applications that seal", "applications that refuse plaintext"
    }  # fmt: skip
    assert score.value == score.measured == 84


def test_a_table_in_plaintext_has_hardly_any(scene):
    scene.enrol(SENTINEL, SENTINEL, "no secret!", None)

    scores = taken(scene)

    assert term(scores.security, SEALED).points == 0
    assert term(scores.security, "guard").points == 0
    assert "2 plain, 1 unrecognised" in term(scores.security, SEALED).sentence
    assert SENTINEL not in str(scores.as_dict())


def test_before_the_first_run_the_scores_say_what_is_not_there_yet(access: Access, admin):
    admin.execute("INSERT INTO users (email, mfa_secret) VALUES ('ada', %s)", [SENTINEL])
    store = access.store("test", read_only=True)

    score = take_scores(access, store, [NAME], {}).security
    store.close()

    assert "Reseal has no schema" in term(score, "seals of the key").sentence
    assert term(score, SEALED).points == 0
    assert score.value == 0


def test_nothing_is_written(scene, database):
    shielded(scene, *[SEED] * 20)
    reader = replace(scene, store=scene.access.store("test", read_only=True))

    assert taken(reader).security.value > 0
    reader.store.close()


def test_what_the_last_verification_found_is_told_of_whichever_source_is_later(scene):
    shielded(scene, SEED)
    note(scene, Action.VALIDATED, field=NAME, claims_hold=False, broken=3)
    found = [
        term(taken(scene, verified={NAME: Verified(0, datetime.now(UTC) + of)}).security, OPEN)
        for of in (timedelta(days=-2), timedelta(hours=1))
    ]

    assert [one.value for one in found] == ["3 broken", "0 broken"]
    assert term(taken(scene).security, OPEN).value == "3 broken"


def test_a_field_that_was_never_verified_says_so(scene):
    shielded(scene, SEED)

    found = term(taken(scene).security, OPEN)

    assert (found.value, found.points) == ("unknown", 0)
    assert "`reseal verify`" in found.sentence


@pytest.mark.parametrize(
    ("detail", "value", "points"),
    [
        ({"field": NAME, "found": 0, "not_verified": []}, "0 found", 8),
        ({"field": NAME, "found": 0, "not_verified": ["replicas"]}, "0 found", 4),
        ({"field": NAME, "found": 95, "not_verified": []}, "95 found", 0),
        ({"field": NAME, "found": None, "not_verified": ["heap pages"]}, "unknown", 0),
        ({"field": "another", "found": 0, "not_verified": []}, "unknown", 0),
    ],
)
def test_residue_is_what_the_last_cleaning_says(scene, detail, value, points):
    scene.admin.execute(CLEANED, [Jsonb(detail)])

    found = term(taken(scene).security, RESIDUE)

    assert (found.value, found.points) == (value, points)


def test_a_later_cleaning_takes_the_place_of_an_earlier_one(scene):
    for rows in (7, 0):
        scene.admin.execute(CLEANED, [Jsonb({"field": NAME, "found": rows, "not_verified": []})])

    assert term(taken(scene).security, RESIDUE).points == 8


def test_all_registered_fields_are_looked_at(scene):
    scene.enrol(SEED)
    scene.sweep()
    config = parse_config({"field": [USERS_FIELD, *OTHERS]})
    every = replace(scene, access=replace(scene.access, config=config))

    score = taken(every).security

    integrity = term(score, WHOLE)
    assert (integrity.value, integrity.points) == ("1 of 4 fields", 2)
    assert "gone: field 'gone': there is no table public.nobody" in integrity.sentence
    assert "renamed: field 'renamed': public.users has no column 'old_secret'" in integrity.sentence
    assert "by mail: 1 rows hold something that is not sealed" in integrity.sentence
    assert term(score, SEALED).points == 22


def test_a_count_that_is_given_is_not_taken_again(scene):
    scene.enrol(SEED)

    score = taken(scene, counted={NAME: Census(sealed={1: 4})}).security
    other = taken(scene, counted={NAME: Unknown("this run did not count")}).security

    assert "4 of 4 secrets" in term(score, SEALED).sentence
    assert term(other, SEALED).sentence == "this run did not count"


def test_backups_beyond_their_date_count_until_they_are_shredded(scene):
    scene.enrol(SEED)
    scene.back_up()
    scene.again().back_up()
    expire = "UPDATE reseal.backup_set SET expires = now() - interval '1 day' WHERE run_id = %s"
    scene.admin.execute(expire, [scene.run_id])

    kept = term(taken(scene).security, BACKUPS)
    scene.admin.execute("UPDATE reseal.backup_set SET wrapped = NULL WHERE run_id = %s", [
        scene.run_id
    ])  # fmt: skip

    assert (kept.value, kept.points) == ("1 expired", 1.7)
    assert term(taken(scene).security, BACKUPS).points == 7


def test_applications_that_report_are_counted(scene, connect):
    shielded(scene, SEED)
    with_plaintext, strict = connect(), connect(plaintext="refuse", seals=False)
    assert isinstance(strict, Vault)
    for vault in (with_plaintext, strict):
        vault.heartbeat()

    score = taken(scene).security

    assert term(score, "applications that seal").value == "1 of 2"
    assert term(score, "applications that refuse plaintext").value == "1 of 2"
    for vault in (with_plaintext, strict):
        vault.close()


def test_rows_in_quarantine_count(scene):
    scene.enrol(SEED, "hunter2!")
    rows = [SetAside(["2"], Trouble.UNRECOGNISED, "not base32")]
    quarantine.set_aside(scene.store, scene.run_id, NAME, rows)

    found = term(taken(scene).security, "quarantine")

    assert (found.value, found.points) == ("1 rows", 1)


@pytest.mark.parametrize(
    ("grant", "what"),
    [
        ("GRANT USAGE ON SCHEMA reseal TO PUBLIC", "schema reseal"),
        ("GRANT SELECT ON reseal.data_key TO PUBLIC", "reseal.data_key"),
    ],
)
def test_what_everybody_may_is_named(scene, grant, what):
    scene.admin.execute(grant)

    found = term(taken(scene).security, "rights of PUBLIC")

    assert (found.points, found.sentence) == (0, f"Granted to PUBLIC: {what}.")


@pytest.fixture
def stranger(database, admin):
    """A role that may read the users' ids and nothing else."""
    role = sql.Identifier("reseal stranger")
    admin.execute(sql.SQL("DROP ROLE IF EXISTS {0}").format(role))
    admin.execute(sql.SQL("CREATE ROLE {0}; GRANT SELECT (id) ON users TO {0}").format(role))
    yield "reseal stranger"
    admin.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(role))


def test_a_role_without_rights_gets_the_reasons_and_no_points(scene, stranger):
    scene.admin.execute(MANY)
    scene.store.execute("SET ROLE {role}", role=sql.Identifier(stranger))

    scores = taken(scene)

    assert scores.security.value <= 8
    for name in (SEALED, "quarantine"):
        assert "permission denied" in term(scores.security, name).sentence
    assert term(scores.security, WHOLE).value == "unknown"
    width = term(scores.storage, "bytes a row")
    assert (width.value, width.points) == ("unknown", 0)
    assert "permission denied" in width.sentence


def test_a_connection_that_is_gone_is_raised(scene):
    scene.store.close()

    with pytest.raises(ConnectionLost):
        taken(scene)
