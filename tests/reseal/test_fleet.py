"""What a fleet came to is what became of the target that ended the most seriously."""

from uuid import uuid4

import pytest

from reseal.fleet import MOST_SERIOUS, FleetResult, TargetResult
from reseal.outcome import WRONG_USE, Outcome

DONE, FAILED, PARTIAL = Outcome.DONE, Outcome.FAILED, Outcome.PARTIAL
REFUSED, STOPPED, ROLLED_BACK = Outcome.REFUSED, Outcome.STOPPED, Outcome.ROLLED_BACK


def fleet(*outcomes: Outcome) -> FleetResult:
    return FleetResult(
        uuid4(), [TargetResult(f"t{at}", one, one.value) for at, one in enumerate(outcomes)]
    )


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((DONE, DONE), 0),
        ((DONE, PARTIAL, DONE), 4),
        ((PARTIAL, STOPPED), 6),
        ((STOPPED, REFUSED, PARTIAL), 3),
        ((DONE, REFUSED, FAILED), 1),
        ((FAILED, ROLLED_BACK, DONE), 5),
    ],
)
def test_its_exit_code_is_the_most_serious_one(outcomes: tuple[Outcome, ...], code: int):
    assert fleet(*outcomes).as_dict()["exit_code"] == code


def test_a_target_that_was_never_touched_is_less_than_one_that_failed_and_more_than_a_refusal():
    away = TargetResult("away", FAILED, "cannot be reached", not_begun=True)
    refused, failed = (TargetResult("other", one, "") for one in (REFUSED, FAILED))

    assert FleetResult(uuid4(), [refused, away]).as_dict()["exit_code"] == WRONG_USE
    assert FleetResult(uuid4(), [away, failed]).as_dict()["exit_code"] == 1


def test_every_exit_code_has_its_place():
    assert sorted(MOST_SERIOUS) == sorted([*(one.exit_code for one in Outcome), WRONG_USE])


def test_the_message_names_each_target_that_is_not_done():
    assert fleet(DONE, FAILED, REFUSED).message == (
        "1 of 3 targets are done; t1: failed; t2: refused"
    )
