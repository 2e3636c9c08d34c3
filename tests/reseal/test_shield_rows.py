"""Whose row it is: an envelope opens at its own place, so elsewhere the shield keeps nothing."""

from dataclasses import replace

import pytest

from reseal.config import parse_config
from reseal.secret import Secret
from reseal.shield import raise_shield, stands
from tests.reseal.scene import SEED, Scene
from tests.reseal.shielding import NEW, THIRD, save, seal, shielded, triggers

KINDS = [
    {"name": "t.totp", "table": "t", "column": "s", "where": "kind = 'totp'"},
    {"name": "t.other", "table": "t", "column": "s", "where": "kind = 'other'"},
]


def test_a_save_under_another_key_passes(scene: Scene) -> None:
    (row,) = shielded(scene)
    scene.admin.execute("UPDATE users SET id = 4711, mfa_secret = %s WHERE id = %s", [SEED, row])

    assert scene.stored() == {4711: SEED}


def test_a_save_under_another_key_that_another_case_makes_passes(scene: Scene) -> None:
    scene.admin.execute("CREATE EXTENSION citext")
    named = scene.table("name citext PRIMARY KEY, s text", [("ada", SEED)], column="s")
    raise_shield(named.store, named.target)
    seal(named)
    named.admin.execute("UPDATE t SET name = 'Ada', s = %s", [SEED])

    assert named.stored() == {"Ada": SEED}


def test_a_former_secret_passes_after_the_envelope_came_from_another_row(scene: Scene) -> None:
    """With bind = "field" it opens there, so that nothing else would tell."""
    free = scene.described(bind="field")
    row, other = shielded(free, SEED, NEW)
    free.admin.execute("DELETE FROM users WHERE id = %s", [row])
    free.admin.execute("UPDATE users SET id = %s WHERE id = %s", [row, other])
    assert free.opened() == {row: NEW}

    save(free, row, SEED)
    assert free.stored() == {row: SEED}


def test_every_part_of_a_key_counts(scene: Scene) -> None:
    parts = scene.table(
        "tenant text, at timestamptz, s text, PRIMARY KEY (tenant, at)",
        [("a", "2024-10-27 02:30:00+01", SEED)],
        column="s",
    )
    raise_shield(parts.store, parts.target)
    seal(parts)
    sealed = parts.texts()
    parts.admin.execute("SET TimeZone = 'Europe/Berlin'")
    parts.admin.execute("UPDATE t SET s = %s", [SEED])
    assert parts.texts() == sealed

    parts.admin.execute("UPDATE t SET s = %s, at = at + interval '1 hour'", [SEED])
    assert parts.texts() == {"a": SEED}


def test_a_key_that_is_generated_counts(scene: Scene) -> None:
    columns = "id int, name text GENERATED ALWAYS AS ('u' || id) STORED PRIMARY KEY, s text"
    scene.admin.execute(f"CREATE TABLE t ({columns})".encode())
    scene.admin.execute("INSERT INTO t (id, s) VALUES (1, %s)", [SEED])
    made = scene.described(table="t", column="s")
    raise_shield(made.store, made.target)
    seal(made)
    sealed = made.stored()
    made.admin.execute("UPDATE t SET id = 1, s = %s", [SEED])
    assert made.stored() == sealed

    made.admin.execute("UPDATE t SET s = %s", [str(made.keyring.seal(
        made.target.field.place(("u1",)), Secret(NEW)))])  # fmt: skip
    made.admin.execute("UPDATE t SET s = %s", [SEED])
    assert made.stored() == {"u1": SEED}


@pytest.fixture
def regions(scene: Scene) -> Scene:
    """A row that was sealed behind the shield in one of two partitions."""
    admin = scene.admin
    admin.execute(
        "CREATE TABLE t (id int, r text, s text, PRIMARY KEY (id, r)) PARTITION BY LIST (r)"
    )
    for region in ("eu", "us"):
        admin.execute(f"CREATE TABLE t_{region} PARTITION OF t FOR VALUES IN ('{region}')".encode())
    admin.execute("INSERT INTO t VALUES (1, 'eu', %s)", [SEED])
    parted = scene.described(table="t", column="s")
    raise_shield(parted.store, parted.target)
    seal(parted)
    return parted


def test_in_a_partition_the_envelope_stays(regions: Scene) -> None:
    sealed = regions.stored()
    regions.admin.execute("UPDATE t SET r = 'eu', s = %s", [SEED])
    regions.admin.execute("UPDATE t_eu SET s = %s", [SEED])

    assert regions.stored() == sealed


def test_a_save_that_moves_the_row_to_another_partition_passes(regions: Scene) -> None:
    regions.admin.execute("UPDATE t SET r = 'us', s = %s", [SEED])

    assert regions.stored() == {(1, "us"): SEED}


def test_a_former_secret_passes_after_the_row_came_sealed_from_another_partition(
    regions: Scene,
) -> None:
    there = regions.target.field.place((1, "us"))
    here = regions.target.field.place((1, "eu"))
    regions.admin.execute(
        "UPDATE t SET r = 'us', s = %s", [str(regions.keyring.seal(there, Secret(NEW)))]
    )
    regions.admin.execute(
        "UPDATE t SET r = 'eu', s = %s", [str(regions.keyring.seal(here, Secret(NEW)))]
    )
    regions.admin.execute("UPDATE t SET s = %s", [SEED])

    assert regions.stored() == {(1, "eu"): SEED}


def test_a_partition_that_comes_later_is_shielded_too(regions: Scene) -> None:
    regions.admin.execute("CREATE TABLE t_jp PARTITION OF t FOR VALUES IN ('jp')")
    regions.admin.execute("INSERT INTO t VALUES (2, 'jp', %s)", [SEED])
    assert stands(regions.store, regions.target)
    later = regions.again()
    seal(later)
    sealed = later.stored()

    later.admin.execute("UPDATE t SET s = %s", [SEED])
    assert later.stored() == sealed


def test_heirs_have_a_shield_each_and_a_new_one_gets_it_with_the_next_run(scene: Scene) -> None:
    scene.admin.execute("CREATE TABLE heir (PRIMARY KEY (id)) INHERITS (users)")
    raise_shield(scene.store, scene.target)
    assert len(triggers(scene)) == 6
    scene.admin.execute("CREATE TABLE late_heir (PRIMARY KEY (id)) INHERITS (users)")
    assert not stands(scene.store, scene.target)

    raise_shield(scene.store, scene.target)
    assert len(triggers(scene)) == 9


@pytest.fixture
def kinds(scene: Scene) -> tuple[Scene, Scene]:
    """Two fields on one column, told apart by another: a row of the first is sealed."""
    scene.admin.execute("CREATE TABLE t (id int PRIMARY KEY, kind text, note text, s text)")
    scene.admin.execute("INSERT INTO t VALUES (1, 'totp', 'x', %s)", [SEED])
    config = parse_config({"field": KINDS})
    both = [
        replace(scene, access=replace(scene.access, config=replace(config, fields=(one,)))).again()
        for one in config.fields
    ]
    for one in both:
        raise_shield(one.store, one.target)
    seal(both[0])
    return both[0], both[1]


KIND = "UPDATE t SET kind = %s, note = 'saved', s = %s"


def sealed_for(scene: Scene, text: str) -> str:
    return str(scene.keyring.seal(scene.target.field.place((1,)), Secret(text)))


def test_of_a_row_of_the_field_the_envelope_stays(kinds: tuple[Scene, Scene]) -> None:
    totp, _ = kinds
    sealed = totp.texts()
    totp.admin.execute(KIND, ["totp", SEED])

    assert totp.texts() == sealed
    assert totp.admin.execute("SELECT note FROM t").fetchone() == ("saved",)


def test_a_save_that_makes_it_another_fields_row_passes(kinds: tuple[Scene, Scene]) -> None:
    totp, other = kinds
    totp.admin.execute(KIND, ["other", SEED])
    assert other.stored() == {1: SEED}

    seal(other)
    assert other.opened() == {1: SEED}
    sealed = other.stored()
    other.admin.execute(KIND, ["other", SEED])
    assert other.stored() == sealed


def test_a_former_secret_passes_after_the_row_was_another_fields(
    kinds: tuple[Scene, Scene],
) -> None:
    totp, other = kinds
    totp.admin.execute(KIND, ["other", NEW])
    seal(other)
    totp.admin.execute("UPDATE t SET kind = 'totp'")
    totp.admin.execute(KIND, ["totp", SEED])
    assert totp.stored() == {1: SEED}


def test_a_former_secret_passes_after_a_sealed_enrolment_in_the_other_field(
    kinds: tuple[Scene, Scene],
) -> None:
    totp, other = kinds
    totp.admin.execute(KIND, ["other", sealed_for(other, THIRD)])
    totp.admin.execute(KIND, ["totp", sealed_for(totp, NEW)])
    totp.admin.execute(KIND, ["totp", SEED])

    assert totp.stored() == {1: SEED}


WHERES = {
    "a column that is generated": "kind = 'totp'",
    "the secret itself": "s <> 'disabled'",
    "quotes, and what looks like a placeholder": """ "kind" LIKE 'to%' -- as 100%""",
    "a column that is named as a variable is": "found",
}


@pytest.mark.parametrize("where", WHERES.values(), ids=WHERES)
def test_where_may_ask_for(scene: Scene, where: str) -> None:
    scene.admin.execute(
        "CREATE TABLE t (id int PRIMARY KEY, found bool DEFAULT true, about json,"
        " kind text GENERATED ALWAYS AS (about->>'kind') STORED, s text)"
    )
    scene.admin.execute(
        """INSERT INTO t (id, about, s) VALUES (1, '{"kind": "totp"}', %s)""", [SEED]
    )
    told = scene.described(table="t", column="s", where=where)
    raise_shield(told.store, told.target)
    seal(told)
    sealed = told.stored()
    assert sealed != {1: SEED}
    told.admin.execute("""UPDATE t SET s = %s, about = '{"kind": "totp"}', found = true""", [SEED])
    assert told.stored() == sealed

    told.admin.execute("UPDATE t SET s = %s", [NEW])
    assert told.stored() == {1: NEW}


def test_what_it_cannot_tell_passes(scene: Scene) -> None:
    """The function has a search path of its own, on which it does not find everything."""
    scene.admin.execute("CREATE TYPE kinds AS ENUM ('totp')")
    scene.admin.execute("CREATE TABLE t (id int PRIMARY KEY, kind kinds, s text)")
    scene.admin.execute("INSERT INTO t VALUES (1, 'totp', %s)", [SEED])
    told = scene.described(table="t", column="s", where="kind = 'totp'::kinds")
    raise_shield(told.store, told.target)
    seal(told)
    told.admin.execute("UPDATE t SET s = %s", [SEED])

    assert told.stored() == {1: SEED}
