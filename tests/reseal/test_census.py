"""The census counts every row once, by key version where it is sealed."""

from reseal.census import Census
from reseal.envelope import PREFIX, write
from tests.reseal.scene import SEED


def envelope(version: int) -> str:
    return write(version, bytes(12), bytes(16), b"x")


def test_an_empty_table_has_no_rows(scene):
    assert scene.census() == Census()


def test_every_kind_of_value_is_counted(scene):
    scene.enrol(SEED, SEED, None, "", "gAAAAAx", "hunter2", envelope(1), envelope(1), envelope(12))

    assert scene.census().as_dict() == {
        "rows": 9,
        "empty": 2,
        "plain": 2,
        "foreign": 1,
        "unrecognised": 1,
        "sealed": {"1": 2, "12": 1},
    }
    assert scene.census().unsettled == 4


def test_versions_of_any_length_are_told_apart(scene):
    versions = [1, 2, 9, 10, 11, 99, 100, 123, 999, 1000, 1001, 9999, 10000, 99999]
    scene.enrol(*map(envelope, versions))

    assert scene.census().sealed == dict.fromkeys(versions, 1)
    assert list(scene.census().as_dict()["sealed"]) == [str(v) for v in versions]


def test_what_only_begins_as_an_envelope_is_not_counted_as_one(scene):
    scene.enrol(PREFIX, PREFIX + "é", PREFIX + "x" * 40, PREFIX + "\n" * 20, envelope(1)[:23])

    census = scene.census()
    assert (census.unrecognised, census.all_sealed) == (5, 0)


def test_only_rows_of_the_field_are_counted(scene):
    scene.enrol(SEED, SEED, SEED)
    scene = scene.described(where="id = 1 OR id = 3")

    assert scene.census() == Census(plain=2)


def test_a_field_with_its_own_words_for_nothing(scene):
    scene.enrol("", "false", None, "0%")

    assert scene.described(empty=["false", "0%"]).census() == Census(empty=3, unrecognised=1)
    assert scene.described(empty=[]).census() == Census(empty=1, unrecognised=3)
