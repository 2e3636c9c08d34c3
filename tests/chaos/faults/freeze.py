"""The runner is frozen, another one takes over, and the first one wakes up."""

import os
import signal
from enum import Enum
from random import Random

import psutil  # type: ignore[import-untyped]

from tests.chaos.faults.interface import SLOWLY, Fault, amid_rows
from tests.chaos.faults.terminate import CUT
from tests.chaos.round import Command, Round
from tests.chaos.runner import wait_for
from tests.flows.conftest import Ended

RUN = "SELECT run_id::text FROM reseal.control"

NEWEST = "SELECT coalesce(max(batch_id), 0) FROM reseal.batch"

LATE = "SELECT count(*) FROM reseal.batch WHERE run_id::text = %s AND batch_id > %s"

_WELL, _REFUSED, _FAILED = (0, 4), 3, 1


class Sessions(Enum):
    """What becomes of the frozen runner's sessions."""

    CUT = "cut"
    KEPT = "kept"


class Freeze(Fault):
    """Frozen with its workers, as a virtual machine that is suspended; it does not know it."""

    name = "runner frozen"

    def command(self, nth: int, dice: Random) -> Command:
        """Choose an encryption or a rotation, which the next one goes on with."""
        return dice.choice((Command.ENCRYPT, Command.ENCRYPT, Command.ROTATE))

    def inject(self, round: Round) -> int:
        """Freeze it once; see it refused, or see that it writes nothing more."""
        sessions = Sessions.KEPT if round.dice.random() < 0.25 else Sessions.CUT
        wakes_early = round.dice.random() < 0.5
        moment = amid_rows(round.dice)
        round.mode = SLOWLY
        round.start()
        if not round.reaches(moment):
            round.finish()
            return 0
        round.said = f"{moment}, sessions {sessions.value}" + ", wakes early" * wakes_early
        asleep = round.family
        if not asleep:
            round.finish()
            return 0
        _signal(asleep, signal.SIGSTOP)
        try:
            if sessions is Sessions.KEPT:
                self._meet_its_lock(round)
            else:
                self._take_over(round, asleep, wakes_early)
        finally:
            _signal(asleep, signal.SIGCONT)
        round.finish()
        return 1

    def _meet_its_lock(self, round: Round) -> None:
        ended = round.scene.command_line.run("encrypt", "--json")
        if ended.code != _REFUSED:
            round.wrong.append(f"ended with {ended.code} beside a frozen runner: {_told(ended)}")

    def _take_over(self, round: Round, asleep: list[psutil.Process], wakes_early: bool) -> None:
        first = str(round.scene.ask(RUN))
        round.scene.ask(CUT, round.sessions())
        second = round.scene.command_line.start(round.command.value, "--json", *_flags(round))
        wait_for(second, lambda: round.scene.ask(RUN) != first)
        newest = round.scene.ask(NEWEST)
        if wakes_early:
            _signal(asleep, signal.SIGCONT)
        printed = second.communicate()
        ended = Ended(second.wait(), *printed)
        _signal(asleep, signal.SIGCONT)
        round.finish()
        if ended.code not in _WELL:
            round.wrong.append(f"the one that took over ended with {ended.code}: {_told(ended)}")
        if round.ended is None or round.ended.code != _FAILED:
            round.wrong.append(f"the one that had slept ended otherwise: {round.ended}")
        if late := round.scene.ask(LATE, first, newest):
            round.wrong.append(f"the one that had slept has written {late} batches since")


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for one in processes:
        if one.is_running():
            os.kill(one.pid, number)


def _flags(round: Round) -> list[str]:
    return ["--assume-readers-ready"] if round.command is Command.ROTATE else []


def _told(ended: Ended) -> str:
    return ended.out[-500:] + ended.err[-500:]
