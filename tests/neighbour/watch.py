"""Watch a run react: what `status` says while a cause lasts, and what the evidence says after."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from time import monotonic, sleep
from typing import Any

from tests.flows.conftest import Ended
from tests.flows.forked import Started
from tests.flows.scene import Scene, wait_until
from tests.flows.test_stop import ENVELOPES
from tests.neighbour.causes import Cause, Ground

BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name LIKE 'reseal run %' AND (state = 'active' OR xact_start IS NOT NULL)
"""

_PATIENCE_SECONDS = 120
_REST_SECONDS = 1.0


@dataclass
class Reaction:
    """What a run did about a cause; seconds are from when that began, and from when it ended.

    `said` is what `status` told of it. At `seconds_to_rest` nothing had been written for a second,
    and no session of the run had been in a transaction.
    """

    cause: str
    title: str
    said: dict[str, Any]
    seconds_to_pause: float
    seconds_to_rest: float
    seconds_to_go_on: float | None = None
    code: int | None = None
    code_after: int | None = None
    rows: int = 0
    sealed: int = 0
    sealed_at_end: int = 0
    decisions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def claims(self) -> dict[str, bool]:
        """What must be true of it, in words; that it rests was waited for."""
        went_on = self.seconds_to_go_on is not None
        told = [one for one in self.decisions if one.get("signal") == self.said["signal"]]
        return {
            "`status` names the signal, its value and its limit": self.said["action"] == "pause"
            and self.said["value"] >= self.said["limit"],
            "the run goes on by itself, or stops and the next one goes on": went_on
            if self.code == 0
            else (self.code, self.code_after) == (6, 0),
            "every row is sealed in the end": self.sealed_at_end == self.rows,
            "pacing.json has the decision": any(one["action"] == "pause" for one in told),
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the figures."""
        return {**asdict(self), "claims": self.claims}


@dataclass
class Watched:
    """A run that is at work on a scene."""

    scene: Scene
    process: Started
    rows: int

    def pace(self) -> dict[str, Any]:
        """What `status` says of how hard it works, and why."""
        at_work = self.scene.command_line.run("status", "--json").document["at_work"]
        return (at_work and at_work[0]["pace"]) or {"action": None, "signal": None}

    @property
    def sealed(self) -> int:
        """How many rows are sealed."""
        return int(self.scene.ask(ENVELOPES))

    @property
    def is_over(self) -> bool:
        """Whether the command has ended."""
        return self.process.poll() is not None

    def reacts(self, cause: Cause, ground: Ground, *, ends: bool = True) -> Reaction:
        """Bring a cause about, see the run pause for it, and go on once it is over.

        Where it does not end in time, the run is watched until it stops.
        """
        began = monotonic()
        with cause.lasts(ground):
            said = self._paused(cause)
            paused = monotonic() - began
            self._until(self._rests, f"{cause.name} lasts")
            reaction = Reaction(cause.name, cause.title, said, paused, monotonic() - began)
            reaction.sealed = self.sealed
            if not ends:
                wait_until(lambda: self.is_over, _PATIENCE_SECONDS)
        over = monotonic()
        if ends:
            self._until(lambda: self.sealed > reaction.sealed, f"{cause.name} is over")
            reaction.seconds_to_go_on = monotonic() - over
        return reaction

    def ended(self, *reactions: Reaction) -> Ended:
        """Wait for the end, and complete what is known of the reactions."""
        out, err = self.process.communicate(timeout=900)
        ended = Ended(self.process.wait(), out, err)
        path = self.scene.directory / ended.document["evidence"] / "pacing.json"
        decisions = json.loads(path.read_text())["decisions"]
        for one in reactions:
            one.code, one.rows, one.sealed_at_end = ended.code, self.rows, self.sealed
            one.decisions = [each for each in decisions if each.get("signal") == one.said["signal"]]
        return ended

    def _paused(self, cause: Cause) -> dict[str, Any]:
        found: list[dict[str, Any]] = []

        def is_paused() -> bool:
            said = self.pace()
            found.append(said)
            return (said["action"], said["signal"]) == ("pause", cause.signal)

        self._until(is_paused, f"{cause.name} lasts", found)
        return found[-1]

    def _rests(self) -> bool:
        before, busy = self.sealed, 0
        until = monotonic() + _REST_SECONDS
        while monotonic() < until:
            busy += self.scene.ask(BUSY)
            sleep(0.1)
        return not busy and self.sealed == before

    def _until(self, is_so: Callable[[], bool], when: str, found: list[Any] | None = None) -> None:
        deadline = monotonic() + _PATIENCE_SECONDS
        while not is_so():
            assert not self.is_over, f"the run ended while {when}: {self.process.communicate()}"
            assert monotonic() < deadline, f"nothing happened while {when}: {(found or [''])[-1]}"
            sleep(0.05)


@contextmanager
def watched(scene: Scene, rows: int, *words: str) -> Iterator[Watched]:
    """Start a run and have it at work, for the length of the block."""
    process = scene.command_line.start("encrypt", *words, "--json")
    one = Watched(scene, process, rows)
    try:
        one._until(lambda: one.sealed > 0, "it begins")
        yield one
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
