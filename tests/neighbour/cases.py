"""What is shown, by name: logins beside a run, and what a run does about each cause."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from reseal.modes import Mode
from tests.neighbour.beside import MODES, Beside, measure
from tests.neighbour.causes import CAUSES, Cause, Ground
from tests.neighbour.place import Place
from tests.neighbour.standby import standby_of
from tests.neighbour.watch import Reaction, Watched, watched

LOGINS, BUDGET = "logins", "budget"
NAMES = (LOGINS, *(cause.name for cause in CAUSES), BUDGET)
_PATIENCE_SECONDS = 3


@dataclass(frozen=True)
class Given:
    """How much is measured: logins a second, seconds without a run in a round, and rounds."""

    rate: float
    seconds: float
    rounds: int
    modes: tuple[Mode, ...] = tuple(MODES)


@dataclass
class Cases:
    """Measure cases at a place; each yields its figures as they become known."""

    place: Place
    given: Given
    logins: dict[str, Any] = field(default_factory=dict)
    reactions: dict[str, Any] = field(default_factory=dict)

    def measure(self, name: str) -> None:
        """Measure one."""
        if name == LOGINS:
            self._logins()
        else:
            reaction = self._stops() if name == BUDGET else self._goes_on(cause_of(name))
            self.reactions[name] = reaction.as_dict()

    def _logins(self) -> None:
        """The modes take turns, so that a machine that slows down slows all of them."""
        measured = {mode: Beside(mode) for mode in self.given.modes}
        for number in range(self.given.rounds):
            for mode, one in measured.items():
                round_ = measure(self.place, mode, self.given.rate, self.given.seconds)
                one.rounds.append(round_)
                print(f"round {number + 1}, {mode}: a run of {round_.seconds:.0f} s", flush=True)
        self.logins = {mode: one.as_dict() for mode, one in measured.items()}

    def _goes_on(self, cause: Cause) -> Reaction:
        with self._ground(cause) as ground, self._run() as run:
            reaction = run.reacts(cause, ground)
            run.ended(reaction)
        return reaction

    def _stops(self) -> Reaction:
        """A cause that outlasts the patience of a run, and the run after it."""
        cause = cause_of("slot")
        cause = replace(
            cause,
            name=BUDGET,
            title="log that a slot keeps for too long",
            words=f"patience_seconds = {_PATIENCE_SECONDS}",
        )
        with self._ground(cause) as ground, self._run() as run:
            reaction = run.reacts(cause, ground, ends=False)
            run.ended(reaction)
        again = self.place.scene.command_line.run("encrypt", "--json", timeout=900)
        reaction.code_after, reaction.sealed_at_end = again.code, run.sealed
        return reaction

    @contextmanager
    def _ground(self, cause: Cause) -> Iterator[Ground]:
        self.place.renew(cause.config)
        if cause.name != "standby":
            yield Ground(self.place.site.url)
            return
        with standby_of(self.place.data, self.place.site.directory) as standby:
            yield Ground(self.place.site.url, standby)

    def _run(self) -> AbstractContextManager[Watched]:
        return watched(self.place.scene, self.place.site.table.rows, "--safe")


def cause_of(name: str) -> Cause:
    """Return a cause by its name."""
    return next(cause for cause in CAUSES if cause.name == name)
