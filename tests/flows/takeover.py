"""A worker is killed with its run, as by a power cut; another worker takes the rerun over.

By `make fleet`: it takes a minute, and its name keeps it out of the suite.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.flows.fleet import Fleet, fleet_of, kill_all_of
from tests.flows.rotations import SLOW
from tests.flows.scene import Scene, Stored, secrets, wait_until

pytestmark = pytest.mark.slow

USERS = 1500
BEGUN = "SELECT to_regclass('reseal.batch') IS NOT NULL"
SEALED = "SELECT coalesce(sum(changed), 0)::int FROM reseal.batch WHERE turn = 'seal'"
PLAIN = "SELECT count(*)::int FROM users WHERE mfa_secret <> '' AND NOT mfa_secret LIKE 'eyJ%'"
ENCRYPT = "encrypt-dogwood"


@dataclass(frozen=True)
class Told:
    """What happened: the run that vanished, what another one was told meanwhile, and the rerun."""

    fleet: Fleet
    had: Stored
    left: int
    vanished: str
    refused: dict[str, Any]
    rerun: dict[str, Any]

    @property
    def scene(self) -> Scene:
        return self.fleet.scenes["dogwood"]


@pytest.fixture(scope="module")
def told(make_scene: Callable[[], Scene]) -> Iterator[Told]:
    with fleet_of(make_scene, "dogwood") as fleet:
        scene = fleet.scenes["dogwood"]
        had = scene.enrol(secrets(USERS, random.Random(USERS)))
        with scene.connect() as connection:
            connection.execute(SLOW)
        fleet.deploys(ENCRYPT)
        with fleet.worker("first") as first:
            vanished = fleet.starts(ENCRYPT)
            wait_until(lambda: scene.ask(BEGUN) and scene.ask(SEALED), 120)
            kill_all_of(first.pid)
        with scene.connect() as connection:
            connection.execute("DROP TRIGGER slow ON users")
        left = scene.ask(PLAIN)
        with fleet.worker("second"):
            refused = fleet.ended(fleet.starts(ENCRYPT))
            fleet.says(vanished, "CRASHED")
            rerun = fleet.ended(fleet.starts(ENCRYPT))
        yield Told(fleet, had, left, vanished, refused, rerun)


def test_the_run_was_killed_in_its_midst(told: Told):
    assert 0 < told.left < sum(1 for text in told.had.values() if text)


def test_prefect_begins_no_other_until_the_dead_one_is_given_up(told: Told):
    assert told.refused["state_type"] == "CANCELLED"
    assert told.refused["state"]["message"] == "Deployment concurrency limit reached."


def test_the_rerun_on_another_worker_seals_the_rest_and_loses_nothing(told: Told):
    assert told.rerun["state_type"] == "COMPLETED", told.rerun["state"]["message"]
    assert told.scene.ask(PLAIN) == 0
    assert told.scene.opened() == {key: text for key, text in told.had.items() if text}
    assert {key for key, text in told.scene.stored().items() if not text} == {
        key for key, text in told.had.items() if not text
    }


def test_the_evidence_states_the_run_that_vanished(told: Told):
    facts = [
        json.loads((told.fleet.evidence("dogwood") / run / "manifest.json").read_text())
        for run in (told.vanished, told.rerun["id"])
    ]
    assert [one["run"]["outcome"] for one in facts] == ["interrupted", "done"]
