"""Logins with and without a run beside them, in turns: what a run adds to what they take."""

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil  # type: ignore[import-untyped]

from reseal.modes import Mode
from reseal.store import data_key, schema
from tests.bench.processor import Family
from tests.neighbour.application import Given, Login, Logins, logging_in
from tests.neighbour.latency import Latency
from tests.neighbour.place import Place

MODES = {Mode.SAFE: ("--safe",), Mode.STANDARD: (), Mode.AGGRESSIVE: ("--aggressive",)}
# What a run in `safe` may make of a login.
MOST_TIMES = {"95": 1.25, "99": 1.5}
_WARMING_SECONDS = 10.0
# So many cores may work for somebody else.
_MOST_OTHERS = 0.15


@dataclass(frozen=True)
class Round:
    """Logins when nothing else went on, and those beside a run, by what stage that was at.

    The former are from before the run and from after it: a machine is faster at some times.

    `busy` is how many cores of the machine worked when nothing else went on, `others` how many
    worked for processes that are no part of this, all the time.
    """

    before: list[Login]
    after: list[Login]
    beside: list[Login]
    by_stage: dict[str, list[Login]]
    stages: dict[str, float]
    seconds: float
    busy: float
    others: float
    errors: list[str]

    @property
    def idle(self) -> list[Login]:
        """Logins without a run, before it and after it."""
        return self.before + self.after

    @property
    def counts(self) -> bool:
        """Whether the machine was left alone, so that it was the run that logins felt."""
        return self.others < _MOST_OTHERS


@dataclass
class Beside:
    """All rounds of a mode; those in which the machine was not left alone do not count.

    Where there is no other, all do.
    """

    mode: Mode
    rounds: list[Round] = field(default_factory=list)

    @property
    def counted(self) -> list[Round]:
        """The rounds that count."""
        return [one for one in self.rounds if one.counts] or self.rounds

    @property
    def idle(self) -> Latency:
        """What logins take without a run."""
        return Latency.of([login for one in self.counted for login in one.idle])

    @property
    def run(self) -> Latency:
        """What they take beside one."""
        return Latency.of([login for one in self.counted for login in one.beside])

    @property
    def times(self) -> dict[str, float]:
        """How many times as long they take, by share."""
        return {share: self.run.times(self.idle, share) for share in self.idle.by_share}

    @property
    def is_within(self) -> bool:
        """Whether that is what `safe` promises, and every login was let in."""
        lets_in = all(login.is_well for one in self.rounds for login in one.idle + one.beside)
        return lets_in and all(self.times[share] <= most for share, most in MOST_TIMES.items())

    def as_dict(self) -> dict[str, Any]:
        """Return the figures of all rounds together, and of each."""
        stages: dict[str, list[Login]] = defaultdict(list)
        for one in self.counted:
            for name, logins in one.by_stage.items():
                stages[name] += logins
        return {
            "mode": self.mode,
            "idle": self.idle.as_dict(),
            "beside": self.run.as_dict(),
            "times": self.times,
            "is_within": self.is_within,
            "stages": {name: Latency.of(logins).as_dict() for name, logins in stages.items()},
            "rounds": [_round(one) for one in self.rounds],
        }


def measure(
    place: Place, mode: Mode, rate: float, seconds: float, warming: float = _WARMING_SECONDS
) -> Round:
    """Measure one round: a run, and nothing for half of so many seconds before it and after it."""
    place.renew()
    _let_in(place)
    given = Given(place.site.url, place.site.table.rows, rate, place.site.keys)
    with logging_in(given) as logins:
        time.sleep(warming)
        quiet, worked, ours = time.time(), _worked(), _ours(place)
        time.sleep(seconds / 2)
        began, before = time.time(), _worked()
        ended = place.scene.command_line.run("encrypt", *MODES[mode], "--json", timeout=1800)
        over, ours, after = time.time(), _ours(place) - ours, _worked()
        time.sleep(warming)
        calm = time.time()
        time.sleep(seconds / 2)
    if ended.code:
        raise SystemExit(f"reseal encrypt ended with {ended.code}: {ended.err or ended.out}")
    stages: dict[str, float] = ended.document["stages"]
    return Round(
        logins.between(quiet, began),
        logins.between(calm, calm + seconds / 2),
        logins.between(began, over),
        dict(_by_stage(logins, stages, began, over)),
        stages,
        over - began,
        (before - worked) / (began - quiet),
        (after - worked - ours) / (over - quiet),
        logins.errors,
    )


def _by_stage(
    logins: Logins, stages: dict[str, float], began: float, over: float
) -> Iterator[tuple[str, list[Login]]]:
    """Cut the time of a run into its stages; the last one ends when the command does, nearly."""
    starts = over - sum(stages.values())
    yield "before", logins.between(began, starts)
    for name, seconds in stages.items():
        yield name, logins.between(starts, starts + seconds)
        starts += seconds


def _let_in(place: Place) -> None:
    """Have the keys and tables that an application uses, which it would have by then."""
    with place.scene.library() as (access, store):
        schema.migrate(store)
        data_key.ensure_active(store, access.kek(), "neighbour")


def _round(one: Round) -> dict[str, Any]:
    idle, beside = Latency.of(one.idle), Latency.of(one.beside)
    return {
        "idle": idle.as_dict(),
        "before": Latency.of(one.before).as_dict(),
        "after": Latency.of(one.after).as_dict(),
        "beside": beside.as_dict(),
        "seconds": one.seconds,
        "busy_when_idle": one.busy,
        "busy_for_others": one.others,
        "counts": one.counts,
        "stages": one.stages,
        "errors": one.errors,
    }


def _worked() -> float:
    times = psutil.cpu_times()
    # What other guests of the same machine took is others' work, too.
    return float(times.user + times.system + times.nice + getattr(times, "steal", 0.0))


def _ours(place: Place) -> float:
    return Family(os.getpid()).seconds() + Family(place.postmaster).seconds()
