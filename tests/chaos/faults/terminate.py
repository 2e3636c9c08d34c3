"""The server ends sessions of the run."""

from tests.chaos.faults.interface import Fault, moments
from tests.chaos.round import Round

CUT = "SELECT count(*) FROM unnest(%s::int[]) AS pid WHERE pg_terminate_backend(pid)"


class Terminate(Fault):
    """An administrator ends one session of the run, or all of them."""

    name = "backends terminated"

    def inject(self, round: Round) -> int:
        """End up to three sessions, each at a moment of its own, or all at one moment."""
        ended = 0
        takes_all = round.dice.random() < 0.25
        round.start()
        for moment in moments(round.dice, 1 if takes_all else 3):
            which = round.dice.random()
            if not round.reaches(moment):
                break
            # The last ones that were opened are mostly the workers'.
            sessions = round.sessions()
            chosen = sessions if takes_all else sessions[int(which * len(sessions)) :][:1]
            ended += round.scene.ask(CUT, chosen)
            round.said += f" {moment}" + ", all" * takes_all
        round.finish()
        return ended
