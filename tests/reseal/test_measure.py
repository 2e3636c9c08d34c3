"""What is measured beside the rows: numbers under names, and true ones."""

from collections import Counter

import pytest

from reseal import measure, shield
from reseal.judge import Fact, Verdict
from reseal.measure import Measure, What
from reseal.probes import Codes, Probed
from reseal.quarantine.trouble import SetAside, Trouble
from reseal.shape import Shape
from reseal.store import data_key, key_use, quarantine
from reseal.store.key_use import telling
from reseal.usage import Used
from tests.conftest import SENTINEL
from tests.reseal.scene import SEED


@pytest.fixture
def sealed(scene):
    """Three rows with an original each, sealed."""
    scene.enrol(SEED, SENTINEL, SEED)
    scene.back_up()
    scene.sweep()
    return scene


def numbers(measures):
    return {(one.what, one.of, one.key_version): one.amount for one in measures}


def originals(scene):
    facts = scene.facts(scene.original())
    measures = measure.of_originals(scene.store, scene.target, scene.run_id, facts)
    return {one.of: one.amount for one in measures}


def test_every_original_is_met_again(sealed):
    assert originals(sealed) == {"backed up": 3, "met": 3, "gone": 0, "emptied": 0}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM users WHERE id = 1", {"met": 2, "gone": 1, "emptied": 0}),
        ("UPDATE users SET mfa_secret = NULL WHERE id < 3", {"met": 1, "gone": 0, "emptied": 2}),
        ("UPDATE users SET mfa_secret = 'x' WHERE id = 1", {"met": 3, "gone": 0, "emptied": 0}),
        ("UPDATE users SET id = 99 WHERE id = 1", {"met": 2, "gone": 1, "emptied": 0}),
    ],
    ids=["deleted", "emptied", "written over", "under another key"],
)
def test_what_became_of_an_original_is_told(sealed, change, found):
    sealed.admin.execute(change)

    assert originals(sealed) == {"backed up": 3, **found}


def test_what_has_left_the_field_is_gone(sealed):
    facts = sealed.facts(sealed.original())
    part = sealed.described(where="id > 1")
    found = numbers(measure.of_originals(part.store, part.target, part.run_id, facts - facts))

    assert found[What.ORIGINALS, "gone", 0] == 1


def test_a_backup_is_as_large_as_its_proof(scene):
    scene.enrol(SEED, SENTINEL, SEED)
    scene.back_up()
    scene.prove()

    assert numbers(measure.of_backup(scene.store, scene.run_id, scene.name)) == {
        (What.BACKUP, "kept", 0): 3,
        (What.BACKUP, "restored", 0): 3,
    }
    assert measure.of_backup(scene.store, scene.again().run_id, scene.name) == []


def test_a_backup_that_was_not_proven_has_restored_nothing(scene):
    scene.enrol(SEED)
    scene.take_backup()

    assert measure.of_backup(scene.store, scene.run_id, scene.name) == [
        Measure(What.BACKUP, "kept", 1)
    ]


def test_what_is_set_aside_and_what_was_accepted_are_counted(sealed):
    rows = [SetAside([key], Trouble.OTHER, "why") for key in ("1", "2")]
    quarantine.set_aside(sealed.store, sealed.run_id, sealed.name, rows)
    [one, _] = quarantine.records(sealed.store, sealed.name)
    quarantine.accept(sealed.store, sealed.name, [one], "ada", None)

    assert [each.amount for each in measure.of_quarantine(sealed.store, sealed.name)] == [1, 1]


def test_the_shield_stands_or_there_is_a_reason(sealed):
    def found(why_not):
        return [each.amount for each in measure.of_shield(sealed.store, sealed.target, why_not)]

    assert found("there is no backup") == [0, 1]
    shield.raise_shield(sealed.store, sealed.target)
    assert found(None) == [1, 0]


def test_each_key_tells_its_state_and_its_seals_and_the_active_one_its_period(sealed):
    version = sealed.activate_next_key()
    for statement in telling("app", {version: Used(0, 7)}):
        sealed.store.run(statement)
    sealed.admin.execute("UPDATE reseal.data_key SET expires = now()")
    data_key.mark_compromised(sealed.store, 1)

    assert key_use.sealed(sealed.store, 1) == 3
    assert numbers(measure.of_keys(sealed.store)) == {
        (What.STATE, "retiring", 1): 1,
        (What.STATE, "known to others", 1): 1,
        (What.SEALS, "in all", 1): 3,
        (What.STATE, "active", 2): 1,
        (What.STATE, "known to others", 2): 0,
        (What.SEALS, "in all", 2): 7,
        (What.PERIOD, "expired", 2): 1,
    }


def test_who_does_not_open_a_key_is_counted(scene):
    values = {1: "aa", 2: "bb"}
    for name, opens in (("old", '{"1": "aa"}'), ("new", '{"1": "aa", "2": "bb"}')):
        scene.admin.execute(
            "INSERT INTO reseal.reader (instance, library, opens, seals, policy)"
            " VALUES (%s, '0', %s, true, 'allow')",
            [name, opens],
        )

    for version, closed in ((1, 0), (2, 1)):
        found = measure.of_readers(scene.store, version, bytes.fromhex(values[version]))
        assert [each.amount for each in found] == [2, closed]
    found = measure.of_readers(scene.store, 2, bytes.fromhex("bb"), let_go=["old", "gone"])
    assert [each.amount for each in found] == [2, 0]


def test_gates_and_probes_are_yes_or_no():
    gates = {"1": [{"name": "reads", "verdict": "fail"}, {"name": "backups", "verdict": "pass"}]}
    probed = Probed({"a shortened tag is noticed": True, "codes are as before": False}, Codes(2, 1))

    assert numbers([*measure.of_gates(gates), *measure.of_probes(probed)]) == {
        (What.GATES, "reads", 1): 0,
        (What.GATES, "backups", 1): 1,
        (What.PROBES, "a shortened tag is noticed", 0): 1,
        (What.PROBES, "codes are as before", 0): 0,
        (What.CODES, "compared", 0): 2,
        (What.CODES, "differing", 0): 1,
        (What.CODES, "without", 0): 0,
    }


def test_no_measure_holds_a_value(sealed):
    sealed.admin.execute("UPDATE users SET mfa_secret = 'SENTINEL' WHERE id = 1")
    facts = Counter({Fact(Shape.PLAIN, Verdict.NO_ENVELOPE): 1})
    found = [
        *measure.of_originals(sealed.store, sealed.target, sealed.run_id, facts),
        *measure.of_guard(sealed.store, sealed.target),
        *measure.of_keys(sealed.store),
    ]

    assert "SENTINEL" not in repr(found)
