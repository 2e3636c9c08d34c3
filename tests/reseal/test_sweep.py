"""Sweeps on a real server: every key, every value, and what others write meanwhile."""

from uuid import UUID, uuid4

import pytest

from reseal.envelope import Envelope
from reseal.foreign import describe_foreign
from reseal.shape import Shape
from reseal.sweep.pace import Pace
from reseal.sweep.turn import Turn
from tests.reseal.scene import SEED
from tests.reseal.test_shape import FOREIGN_LAYOUTS

ID = UUID("6f1e1c3a-0d7b-4c6e-9a51-0f2d3b4c5d6e")

TEXT_KEYS = [
    "plain", "a,b", "it's", 'say "x"', "back\\slash", "\\x6162", "tab\there", "two\nlines",
    "東京", "e\u0301", "\u00e9", "{curly}", "NULL", " ", "100%", "%s", "a/b", "🔑",
]  # fmt: skip

TABLES = {
    "int": ("id int PRIMARY KEY, s text", [(1,), (-7,), (2147483647,)]),
    "smallint": ("id smallint PRIMARY KEY, s text", [(1,), (-7,)]),
    "bigint": ("id bigint PRIMARY KEY, s text", [(1,), (9223372036854775807,)]),
    "uuid": ("id uuid PRIMARY KEY, s text", [(ID,), (UUID(int=0),)]),
    "text": ("id text PRIMARY KEY, s text", [(key,) for key in TEXT_KEYS]),
    "varchar": ("id varchar(60) PRIMARY KEY, s varchar(300)", [(key,) for key in TEXT_KEYS]),
    "numeric": ("id numeric PRIMARY KEY, s text", [("1.50",), ("-3",), ("1e30",)]),
    "composite": (
        "org text, id int, s text, PRIMARY KEY (org, id)",
        [("a,b", 1), ("a", 1), ("a", 2), ("a/1", 2)],
    ),
    "three parts": (
        'a text, "Select" uuid, "b c" bigint, s text, PRIMARY KEY ("b c", a, "Select")',
        [(key, ID, n) for n, key in enumerate(TEXT_KEYS)],
    ),
    "varying length": ("id text PRIMARY KEY, s varchar(196)", [("x",)]),
}


@pytest.mark.parametrize(("columns", "row_keys"), TABLES.values(), ids=TABLES)
def test_any_key_and_any_text_column_is_sealed_resealed_and_unsealed(scene, columns, row_keys):
    rows = [(*key, SEED * (1 + number % 2)) for number, key in enumerate(row_keys)]
    scene = scene.table(columns, rows, column="s")
    before = scene.stored()

    assert scene.sweep().changed == len(row_keys)
    assert scene.census().sealed == {1: len(row_keys)}
    assert scene.opened() == before

    scene.activate_next_key()
    assert scene.again().sweep(Turn.RESEAL).changed == len(row_keys)
    assert scene.census().sealed == {2: len(row_keys)}
    assert scene.opened() == before

    assert scene.again().sweep(Turn.UNSEAL).changed == len(row_keys)
    assert scene.stored() == before


def test_the_counts_of_every_shape_add_up(scene):
    scene = scene.described(empty=["", "false"])
    (sealed,) = scene.enrol(SEED)
    scene.sweep()
    envelope = scene.stored()[sealed]
    scene = scene.again()
    scene.enrol(SEED, SEED * 2, None, "", "false", "gAAAAAx", "what is this?", envelope)

    tally = scene.sweep()
    assert tally.checked().as_dict() == {
        "rows_read": 9,
        "changed": 2,
        "moved": 0,
        "locked": 0,
        "settled": 2,
        "empty": 3,
        "quarantined": 2,
        "left_alone": 0,
    }


@pytest.mark.parametrize("nothing", [None, "", "false", "[]", "100%", "it's", " " * 16])
@pytest.mark.parametrize("turn", [Turn.SEAL, Turn.RESEAL, Turn.UNSEAL])
def test_what_means_no_secret_stays_as_it_is(scene, nothing, turn):
    scene = scene.described(empty=["", "false", "[]", "100%", "it's", " " * 16])
    (row,) = scene.enrol(nothing)

    assert scene.sweep(turn).checked().empty == 1
    assert scene.stored() == {row: nothing}


def test_what_is_not_recognised_is_set_aside_by_key_with_the_reason(scene):
    values = [*FOREIGN_LAYOUTS.values(), "hunter2", "x"]
    rows = scene.enrol(*values)

    assert scene.sweep().quarantined == len(values)
    assert list(scene.stored().values()) == values
    reasons = {
        (str(row),): describe_foreign(value)
        if scene.target.field.shape(value) is Shape.FOREIGN
        else "not a secret in the field's format"
        for row, value in zip(rows, values, strict=True)
    }
    assert scene.quarantine() == reasons


def test_a_row_whose_key_is_an_empty_text_is_sealed_like_any_other(scene):
    scene = scene.table("id text PRIMARY KEY, s text", [("", SEED), ("a", SEED)], column="s")

    assert scene.sweep().changed == 2
    assert scene.opened() == {"": SEED, "a": SEED}


def test_an_empty_key_is_no_obstacle_where_the_row_is_not_bound(scene):
    scene = scene.table("id text PRIMARY KEY, s text", [("", SEED)], column="s", bind="field")

    assert scene.sweep().changed == 1
    assert scene.sweep().settled == 1
    assert scene.opened() == {"": SEED}


def test_with_bind_field_an_envelope_opens_in_any_row(scene):
    scene = scene.described(bind="field")
    one, other = scene.enrol(SEED, None)
    scene.sweep()

    scene.put(other, scene.stored()[one])
    assert scene.opened() == {one: SEED, other: SEED}


@pytest.mark.parametrize(
    ("where", "sealed"),
    [
        ("email LIKE 'b%'", {"bob"}),
        ("id % 2 = 0", {"bob"}),
        ("email = 'ada' OR email = 'bob'", {"ada", "bob"}),
        ("mfa_enabled AND email <> 'it''s 100%'", {"ada", "bob", "cyd"}),
        ("NULL", set()),
    ],
)
def test_only_rows_that_belong_to_the_field_are_touched(scene, where, sealed):
    scene = scene.described(where=where)
    for email in ("ada", "bob", "cyd"):
        scene.admin.execute("INSERT INTO users (email, mfa_secret) VALUES (%s, %s)", [email, SEED])

    tally = scene.sweep().checked()
    rows = scene.admin.execute("SELECT email FROM users WHERE mfa_secret <> %s", [SEED])
    assert {email for (email,) in rows} == sealed
    assert tally.rows_read == tally.changed == scene.census().rows == len(sealed)


ODD = [
    SEED, SEED.lower(), "JBSW Y3DP EHPK 3PXP", SEED + "\n", " " + SEED, "A" * 26 + "======",
    "é", "東京", "a\tb", "\\N", "\\", "\\.", '"', "'", ",", "{}", "NULL", "%s", "🔑\u2028",
    "x" * 9000,
]  # fmt: skip


def test_unsealing_gives_back_byte_for_byte_what_was_sealed(scene):
    scene = scene.described(format="text")
    scene.enrol(*ODD)
    before = scene.stored()

    assert scene.sweep().changed == len(ODD)
    assert scene.opened() == before
    assert scene.again().sweep(Turn.UNSEAL).changed == len(ODD)
    assert scene.stored() == before


def test_other_columns_are_left_as_they_are(scene):
    others = "SELECT id, email, mfa_enabled, last_login FROM users ORDER BY id"
    scene.enrol(SEED, None, "", "x")
    scene.admin.execute("UPDATE users SET last_login = now(), mfa_enabled = id % 2 = 0")
    before = scene.admin.execute(others).fetchall()

    scene.sweep()
    scene.activate_next_key()
    scene.again().sweep(Turn.RESEAL)
    scene.again().sweep(Turn.UNSEAL)
    assert scene.admin.execute(others).fetchall() == before


def test_a_sealed_row_is_not_sealed_again(scene):
    scene.enrol(SEED, SEED)
    scene.sweep()
    before = scene.stored()

    assert scene.again().sweep().settled == 2
    assert scene.again().sweep(Turn.RESEAL).settled == 2
    assert scene.stored() == before


def test_resealing_takes_plaintext_that_was_enrolled_since(scene):
    old, _ = scene.enrol(SEED, None)
    scene.sweep()
    scene.activate_next_key()
    (new,) = scene.enrol(SEED * 2)

    tally = scene.again().sweep(Turn.RESEAL)
    assert (tally.changed, tally.empty) == (2, 1)
    assert scene.census().sealed == {2: 2}
    assert (scene.opened()[old], scene.opened()[new]) == (SEED, SEED * 2)


def test_resealing_sets_aside_what_it_cannot_open(scene):
    one, other, third = scene.enrol(SEED, SEED, SEED)
    scene.sweep()
    swapped = scene.stored()
    envelope = Envelope.parse(swapped[third])
    scene.activate_next_key()
    scene.put(one, swapped[other])
    scene.put(other, swapped[other][:-8])
    scene.put(third, str(Envelope(9, envelope.iv, envelope.tag, envelope.ciphertext)))

    resealing = scene.again()
    assert resealing.sweep(Turn.RESEAL).quarantined == 3
    assert resealing.quarantine() == {
        (str(one),): "an envelope that will not open",
        (str(other),): "an envelope that is malformed",
        (str(third),): "an envelope under a key that is not in the keyring",
    }


def test_unsealing_leaves_what_was_never_sealed(scene):
    rows = scene.enrol(SEED, "gAAAAAx", "hunter2", None)

    tally = scene.sweep(Turn.UNSEAL)
    assert (tally.settled, tally.empty, tally.changed) == (3, 1, 0)
    assert scene.stored() == dict(zip(rows, [SEED, "gAAAAAx", "hunter2", None], strict=True))


def test_an_empty_table_is_swept(scene):
    assert scene.sweep().checked().rows_read == 0


def test_a_table_of_many_pages_is_swept_batch_by_batch(scene):
    scene.admin.execute(
        "INSERT INTO users (email, mfa_secret) SELECT i::text, %s FROM generate_series(1, 3000) i",
        [SEED],
    )

    tally = scene.sweep(pace=Pace(100, target=1.0, rest=0.0))
    batches = scene.admin.execute("SELECT count(*), sum(changed) FROM reseal.batch").fetchone()
    assert tally.changed == 3000
    assert batches[0] > 3
    assert batches[1] == 3000
    # Updated rows move to later pages, which a pass may or may not meet: never counted twice.
    assert scene.sweep().changed == 0


def test_a_checkpoint_says_what_the_batch_did(scene):
    scene.enrol(SEED, None)
    scene.sweep()

    row = scene.admin.execute(
        "SELECT run_id, field, turn, pass, first_page, after_page, key_version, rows_read, changed,"
        " empty FROM reseal.batch"
    ).fetchone()
    assert row == (scene.run_id, scene.name, "seal", 1, 0, 1, 1, 2, 1, 1)


def test_two_runs_of_two_fields_do_not_meet(scene):
    scene.enrol(SEED)
    other = scene.table("id int PRIMARY KEY, s text", [(1, SEED)], name="t.s", column="s")
    other.run_id = uuid4()

    with scene.job(), other.job():
        pass
    assert (scene.sweep().changed, other.sweep().changed) == (1, 1)
