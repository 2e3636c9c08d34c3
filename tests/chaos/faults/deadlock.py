"""A transaction locks in the opposite order of the sweep, so that one of the two has to give way.

A sweep skips rows that others hold: over rows alone nobody comes to wait in a circle with it.
What it does wait for, with rows of its own locked, are Reseal's tables.
"""

from time import monotonic, sleep

from tests.chaos.faults.interface import SLOWLY, Fault, amid_rows
from tests.chaos.moments import Moment, Stage
from tests.chaos.round import Round

FIRST = "LOCK TABLE reseal.batch IN EXCLUSIVE MODE"

THEN = "SELECT count(*) FROM (SELECT FROM users ORDER BY id DESC FOR UPDATE) AS locked"

WAITING = """
SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'reseal.batch'::regclass)
"""

# Whoever waits long enough looks for a circle and gives way. This is to be the run.
PATIENT = "SET deadlock_timeout = '20s'"

_SECONDS_TO_SHOW, _SECONDS_BETWEEN_LOOKS = 3.0, 0.2


class Deadlocks(Fault):
    """Somebody has locked the record of batches, and then wants the rows of a batch."""

    name = "deadlocks"
    breaks = False

    def inject(self, round: Round) -> int:
        """Provoke up to two, and have the server say how many there were."""
        before = round.ground.server.deadlocks()
        met = 0
        round.mode = SLOWLY
        round.start()
        # In time for the first batch, and once more.
        for moment in (Moment(Stage.PREPARE, 0, []), amid_rows(round.dice)):
            if not round.reaches(moment):
                break
            met += _provoke(round)
        round.finish()
        deadline = monotonic() + _SECONDS_TO_SHOW
        while (shown := round.ground.server.deadlocks() - before) < met and monotonic() < deadline:
            sleep(_SECONDS_BETWEEN_LOOKS)
        return shown


def _provoke(round: Round) -> int:
    with round.scene.connect() as connection, round.scene.connect() as looking:
        connection.execute(PATIENT)
        with connection.transaction():
            connection.execute(FIRST)

            def somebody_waits() -> bool:
                return looking.execute(WAITING).fetchone() == (True,)

            if not round.waits_for(somebody_waits):
                return 0
            connection.execute(THEN)
    return 1
