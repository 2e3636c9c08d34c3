"""kill -9 at a named statement boundary, of an encryption or of a rollback."""

from random import Random

from reseal.store import schema
from tests.chaos.boundaries import BOUNDARIES, Boundary
from tests.chaos.faults.interface import Fault
from tests.chaos.hold import holding
from tests.chaos.round import Command, Round

DAMAGE = """
INSERT INTO users (id, email, mfa_secret) VALUES (0, 'nobody@example.com', 'no secret at all')
"""

MEND = "DELETE FROM users WHERE id = 0"


class KillAtBoundary(Fault):
    """The runner is killed when a statement of it waits in a trigger, before it or after."""

    name = "kill -9 at a boundary"

    def command(self, nth: int, dice: Random) -> Command:
        """Choose the boundary's."""
        return self._boundary(nth).command

    def _boundary(self, nth: int) -> Boundary:
        return BOUNDARIES[nth % len(BOUNDARIES)]

    def inject(self, round: Round) -> int:
        """Kill once."""
        boundary = self._boundary(round.nth)
        round.said = boundary.name
        with round.scene.library() as (_, store):
            schema.migrate(store)
        with round.scene.connect() as connection:
            if boundary.needs_damage:
                connection.execute(DAMAGE)
            with holding(connection, boundary.hold) as held:
                round.start()
                is_met = round.waits_for(lambda: held.has_come)
                if is_met:
                    round.kill()
                    held.end()
            round.finish()
            connection.execute(MEND)
        if not is_met:
            round.said += " (not met)"
        return int(is_met)
