"""The application, or a person, holds locks for longer than a run waits for one."""

from time import sleep

import psycopg

from tests.chaos.faults.interface import Fault, moments
from tests.chaos.round import Round

ROWS = "SELECT FROM users WHERE id %% 10 < %s FOR UPDATE"

TABLE = "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"

CONTROL = "LOCK TABLE reseal.control IN ACCESS EXCLUSIVE MODE"

_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.5, 4.0
_MOST = 3


class Locks(Fault):
    """Many rows, the whole table, or Reseal's own are locked for some seconds."""

    name = "locks held"

    def inject(self, round: Round) -> int:
        """Hold up to three, one after the other."""
        held = 0
        round.start()
        with round.scene.connect() as connection:
            for moment in moments(round.dice, _MOST):
                what = round.dice.choice((ROWS, TABLE, CONTROL))
                share = [round.dice.randint(1, 9)] if what is ROWS else None
                seconds = round.dice.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS)
                if not round.reaches(moment):
                    break
                if _hold(connection, what, share, seconds):
                    held += 1
                    round.said += f" {moment}, {what.split(maxsplit=3)[2]} {seconds:.1f} s"
            round.finish()
        return held


def _hold(
    connection: psycopg.Connection, what: str, share: list[int] | None, seconds: float
) -> bool:
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '5s'")
            connection.execute(what.encode(), share)
            sleep(seconds)
    except psycopg.errors.LockNotAvailable:
        return False
    return True
