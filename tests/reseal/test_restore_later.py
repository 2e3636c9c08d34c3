"""What a later run has sealed is that run's to put back."""

import pytest

from reseal.restore import APPLICATION, BROKEN_SINCE, RE_ENROLLED, SEALED_SINCE
from reseal.store import ledger
from reseal.store.ledger import RunRecord
from tests.reseal.scene import SEED, Scene

NEW = "GEZDGNBVGY3TQOJQ"


@pytest.fixture
def first(scene: Scene) -> Scene:
    """A run that has sealed two rows."""
    scene.enrol(SEED, SEED)
    seal(scene)
    return scene


def seal(run: Scene) -> Scene:
    record = RunRecord(run.run_id, "encrypt_secrets", "standard", (run.name,), None)
    ledger.start(run.store, record, "test")
    run.back_up()
    run.sweep()
    return run


def undone(run: Scene) -> None:
    """Roll a run back and enter it as the command does."""
    run.again().roll_back(run)
    ledger.finish(run.store, run.run_id, "rolled_back")


def test_a_newer_secret_that_a_later_run_sealed_is_not_overwritten_when_it_breaks(first):
    first.put(1, NEW)
    second = seal(first.again())
    first.put(1, (first.stored()[1] or "")[:-10])
    back, stood = first.again(), first.stored()

    tally = back.roll_back(first).checked()
    assert (tally.changed, tally.left_alone) == (1, 1)
    assert back.left_alone() == {("1",): BROKEN_SINCE.format(second.run_id)}
    assert first.stored() == {1: stood[1], 2: SEED}


@pytest.mark.parametrize("outcome", [None, "rolled_back"])
def test_nor_when_the_later_run_was_rolled_back_meanwhile(first, outcome):
    first.put(1, NEW)
    second = seal(first.again())
    ledger.finish(first.store, second.run_id, outcome)
    first.put(1, (first.stored()[1] or "")[:-10])
    back = first.again()

    assert back.roll_back(first, unseal_newer=True).left_alone == 1
    assert back.left_alone() == {("1",): BROKEN_SINCE.format(second.run_id)}


def test_a_run_that_was_rolled_back_has_nothing_left_once_another_has_sealed(first):
    undone(first)
    second = seal(first.again())
    back, stood = first.again(), first.stored()

    assert back.roll_back(first).left_alone == 2
    said = SEALED_SINCE.format(second.run_id)
    assert back.left_alone() == {("1",): said, ("2",): said}
    assert first.stored() == stood


def test_unless_the_plaintext_of_what_stands_is_wished_for(first):
    undone(first)
    seal(first.again())

    assert first.again().roll_back(first, unseal_newer=True).changed == 2
    assert first.stored() == {1: SEED, 2: SEED}


def test_rolling_back_from_the_last_run_to_the_first_leaves_nothing_sealed(first):
    first.put(1, NEW)
    (third,) = first.enrol(NEW)
    second = seal(first.again())

    undone(second)
    assert first.stored() | {2: None} == {1: NEW, 2: None, third: NEW}
    back = first.again()
    assert back.roll_back(first).changed == 1
    assert back.left_alone() == {("1",): RE_ENROLLED}
    assert first.stored() == {1: NEW, 2: SEED, third: NEW}


def test_a_user_who_came_after_the_run_is_the_later_runs(first):
    (third,) = first.enrol(NEW)
    second = seal(first.again())
    back = first.again()

    assert back.roll_back(first).changed == 2
    assert back.left_alone() == {(str(third),): SEALED_SINCE.format(second.run_id)}


def test_what_the_application_sealed_after_a_later_run_was_rolled_back_is_no_runs(first):
    (third,) = first.enrol(NEW)
    undone(seal(first.again()))
    place = first.target.field.place((third,))
    first.put(third, str(first.keyring.seal(place, first.target.column.secret(NEW))))
    back = first.again()

    assert back.roll_back(first).changed == 2
    assert back.left_alone() == {(str(third),): APPLICATION}
