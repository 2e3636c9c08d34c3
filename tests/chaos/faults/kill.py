"""kill -9 at a random moment."""

from tests.chaos.faults.interface import Fault, any_moment
from tests.chaos.round import Round


class Kill(Fault):
    """The runner is killed, wherever it is; its workers have to follow."""

    name = "kill -9 at random"

    def inject(self, round: Round) -> int:
        """Kill once."""
        moment = any_moment(round.dice)
        round.said = str(moment)
        round.start()
        if round.reaches(moment):
            round.kill()
            return 1
        round.finish()
        return 0
