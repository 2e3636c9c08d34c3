"""How many rows hold an envelope of a key version: everywhere, or a key goes that is needed."""

import json

import pytest

from reseal import key_census
from reseal.keys import Keys
from reseal.place import Place
from reseal.secret import Secret
from reseal.sweep.turn import Turn
from tests.reseal.key_scene import KeyScene
from tests.reseal.scene import SEED

NAME = "users.mfa_secret"
CODES = {"column": "s", "path": "codes[*]", "format": "text"}


def envelopes(scene, *versions: int) -> list[str]:
    """One envelope under each of these versions; the keys are made as they are needed."""
    sealed: dict[int, str] = {}
    while len(sealed) < max(versions):
        keyring = scene.keyring
        sealed[keyring.active] = str(keyring.seal(Place(NAME, (1,)), Secret(SEED)))
        scene.activate_next_key()
    return [sealed[version] for version in versions]


def count(scene, *versions: int) -> dict[int, int]:
    return key_census.count_under(scene.store, scene.target, versions)


def test_rows_are_counted_by_version(scene):
    one, two = envelopes(scene, 1, 2)
    scene.enrol(one, two, two, SEED, None, "", "gAAAAABforeign")

    assert count(scene, 1, 2, 3) == {1: 1, 2: 2, 3: 0}
    assert count(scene) == {}


def test_no_version_is_taken_for_another_that_begins_like_it(scene):
    one, eleven = envelopes(scene, 1, 11)
    scene.enrol(one, eleven, eleven)

    assert count(scene, 1, 11, 111, 1111) == {1: 1, 11: 2, 111: 0, 1111: 0}


def test_a_damaged_envelope_counts_for_its_key_may_still_be_wanted(scene):
    (one,) = envelopes(scene, 1)
    scene.enrol(one[:-4], one[:28])

    assert count(scene, 1) == {1: 2}


def test_rows_outside_the_fields_where_count(scene):
    (one,) = envelopes(scene, 1)
    scene.enrol(one, one)
    scene.admin.execute("UPDATE users SET mfa_enabled = false WHERE id = 1")
    field = scene.described(where="mfa_enabled")

    assert field.census().sealed == {1: 1}
    assert count(field, 1) == {1: 2}


@pytest.mark.parametrize("type_name", ["jsonb", "json", "text"])
def test_each_leaf_of_a_document_counts_for_its_version(scene, type_name):
    one, two = envelopes(scene, 1, 2)
    documents = [
        {"codes": [two, one, "plain"]},
        {"codes": [two], "elsewhere": {"deep": [one]}},
        {"codes": [two]},
        {"codes": []},
    ]
    rows = [(number, json.dumps(each)) for number, each in enumerate(documents)]
    scene = scene.table(f"id int PRIMARY KEY, s {type_name}", [*rows, (9, None)], **CODES)

    assert count(scene, 1, 2, 3) == {1: 2, 2: 3, 3: 0}


def test_a_document_in_a_string_of_a_document_counts(scene):
    (one,) = envelopes(scene, 1)
    text = json.dumps({"authenticator": json.dumps({"codes": [one]})})
    scene = scene.table(
        "id int PRIMARY KEY, s text", [(1, text)], column="s", path="authenticator.codes[*]"
    )

    assert count(scene, 1) == {1: 1}


def test_what_is_no_document_any_more_counts(scene):
    (one,) = envelopes(scene, 1)
    rows = [(1, "cut off {" + one), (2, one)]
    scene = scene.table("id int PRIMARY KEY, s text", rows, **CODES)

    assert count(scene, 1) == {1: 2}


@pytest.mark.parametrize(
    "spelled",
    ["ARRAY['a', %s]", "'[0:0]={x}'::text[] || ARRAY[%s::text]", "ARRAY[ARRAY[%s], ARRAY['a']]"],
)
def test_an_array_counts_however_it_is_numbered(scene, spelled):
    (one,) = envelopes(scene, 1)
    words = {"column": "s", "path": "[*]", "format": "text"}
    scene = scene.table("id int PRIMARY KEY, s text[]", [], **words)
    scene.admin.execute(f"INSERT INTO t VALUES (1, {spelled})".encode(), [one])

    assert count(scene, 1) == {1: 1}


def test_bytes_and_marks_of_what_is_kept_aside_count(scene):
    scene.admin.execute("CREATE TABLE b (id int PRIMARY KEY, s bytea)")
    scene.admin.execute("INSERT INTO b VALUES (1, %s), (2, 'x')", [envelopes(scene, 1)[0].encode()])
    field = scene.described(table="b", column="s", format="bytes")
    assert count(field, 1) == {1: 1}

    rows = [(1, SEED), (2, SEED), (3, None)]
    aside = scene.table("id int PRIMARY KEY, s varchar(40)", rows, column="s", store="side")
    aside.sweep()
    assert count(aside, 1, 2) == {1: 0, 2: 2}
    aside.activate_next_key()
    aside.again().sweep(Turn.RESEAL)
    assert count(aside, 2, 3) == {2: 0, 3: 2}


def test_partitions_and_heirs_count(scene):
    (one,) = envelopes(scene, 1)
    scene.admin.execute("CREATE TABLE t (id int PRIMARY KEY, s text) PARTITION BY RANGE (id)")
    scene.admin.execute("CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)")
    scene.admin.execute("CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)")
    scene.admin.execute("INSERT INTO t VALUES (1, %(e)s), (11, %(e)s)", {"e": one})
    assert count(scene.described(table="t", column="s"), 1) == {1: 2}

    scene.admin.execute("CREATE TABLE heirs () INHERITS (users)")
    scene.admin.execute("INSERT INTO heirs (id, email, mfa_secret) VALUES (1, 'a', %s)", [one])
    assert count(scene, 1) == {1: 1}


def test_counts_are_kept_and_the_latest_is_found(scene):
    for rows in (3, 0, 2):
        key_census.record(scene.store, NAME, {1: rows, 2: 7})
    key_census.record(scene.store, "other", {1: 5})

    latest = key_census.latest(scene.store, 1)
    assert {name: one.rows for name, one in latest.items()} == {NAME: 2, "other": 5}
    assert all(one.taken.tzinfo for one in latest.values())
    assert key_census.latest(scene.store, 3) == {}


def recorded(scene, *ago: tuple[int, int]) -> None:
    for rows, days in ago:
        scene.admin.execute(
            "INSERT INTO reseal.key_census (field, version, rows, taken)"
            " VALUES (%s, 1, %s, clock_timestamp() - make_interval(days => %s))",
            [NAME, rows, days],
        )


@pytest.mark.parametrize(
    ("counts", "days"),
    [
        ([], None),
        ([(5, 9)], None),
        ([(0, 9)], 9),
        ([(0, 9), (0, 4)], 9),
        ([(5, 9), (0, 6), (0, 4)], 6),
        ([(0, 9), (5, 6), (0, 4)], 4),
        ([(0, 9), (5, 6)], None),
    ],
)
def test_a_field_is_free_of_a_key_since_the_first_count_without_it(scene, counts, days):
    recorded(scene, *counts)

    assert days_since(scene, key_census.free_since(scene.store, NAME, 1)) == days


def days_since(scene, when):
    query = "SELECT extract(days FROM clock_timestamp() - %s::timestamptz)::int"
    return scene.admin.execute(query, [when]).fetchone()[0]


@pytest.mark.parametrize(
    "sealed_until",
    [
        "UPDATE reseal.data_key SET retired = clock_timestamp() - interval '5 days'",
        "INSERT INTO reseal.key_use (version, last_sealed)"
        " VALUES (1, clock_timestamp() - interval '5 days')",
        "UPDATE reseal.batch SET written = clock_timestamp() - interval '5 days'",
    ],
)
def test_a_count_from_before_the_key_last_sealed_does_not_make_a_field_free(scene, sealed_until):
    scene.enrol(SEED)
    scene.sweep()
    scene.admin.execute("UPDATE reseal.batch SET written = written - interval '50 days'")
    recorded(scene, (0, 9))
    scene.admin.execute(sealed_until)
    assert key_census.free_since(scene.store, NAME, 1) is None

    recorded(scene, (0, 3))
    assert days_since(scene, key_census.free_since(scene.store, NAME, 1)) == 3


def test_the_fields_that_ever_held_a_version_are_remembered(scene):
    scene.enrol(SEED)
    scene.sweep()
    key_census.record(scene.store, "seen", {1: 1})
    key_census.record(scene.store, "never", {1: 0, 2: 4})

    assert key_census.fields_under(scene.store, 1) == ["seen", NAME]
    assert key_census.fields_under(scene.store, 2) == ["never"]
    assert key_census.fields_under(scene.store, 3) == []


def test_every_key_that_has_bytes_is_counted_and_the_run_is_kept(scene):
    life = KeyScene(scene)
    scene.enrol(SEED)
    scene.sweep()
    life.rotates()
    life.keys.stage()
    scene.admin.execute(
        "UPDATE reseal.data_key SET state = 'destroyed', wrapped = NULL WHERE version = 1"
    )

    counted = Keys(scene.access, scene.store, "ada").count_and_record(scene.run_id)
    assert counted == {NAME: {2: 1, 3: 0}}
    kept = scene.admin.execute("SELECT version, rows, run_id FROM reseal.key_census ORDER BY 1")
    assert kept.fetchall() == [(2, 1, scene.run_id), (3, 0, scene.run_id)]
