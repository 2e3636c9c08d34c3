"""The server crashes, and comes back."""

from time import sleep

from tests.chaos.faults.interface import Fault, moments
from tests.chaos.round import Round

_LONGEST_OUTAGE_SECONDS = 1.5


class Crash(Fault):
    """The server is stopped without a checkpoint; what it had not written to its log is gone."""

    name = "server crash"

    def inject(self, round: Round) -> int:
        """Crash it up to twice in one run."""
        crashes = 0
        round.start()
        for moment in moments(round.dice, 2):
            if not round.reaches(moment):
                break
            round.ground.server.crash()
            sleep(round.dice.random() * _LONGEST_OUTAGE_SECONDS)
            round.ground.server.restart()
            crashes += 1
            round.said += f" {moment}"
        round.finish()
        return crashes
