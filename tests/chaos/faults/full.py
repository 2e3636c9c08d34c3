"""The disk of a table fills up."""

from random import Random

import psycopg

from tests.chaos.faults.interface import Fault
from tests.chaos.round import Command, Round
from tests.chaos.server import NAME
from tests.chaos.space import MOVE_IN, MOVE_OUT, NEW_TABLES, Space
from tests.flows.conftest import Ended

_WELL = (0, 4)
_MOST_LEFT = 400_000


class DiskFull(Fault):
    """The users, or the backup, are on a disk with little room; then there is room again."""

    name = "disk full"

    def command(self, nth: int, dice: Random) -> Command:
        """Choose one that can be gone on with at once."""
        return dice.choice((Command.ENCRYPT, Command.ENCRYPT, Command.ROTATE))

    def inject(self, round: Round) -> int:
        """Fill it once; when there is room again, the next run has to end well."""
        space = round.ground.space
        if space is None:
            return 0
        is_users = round.command is Command.ROTATE or round.dice.random() < 0.6
        left = round.dice.randrange(_MOST_LEFT) if is_users else 0
        round.said = f"{'users' if is_users else 'backup'}, {left:,} bytes left"
        before = _refusals(round)
        with round.scene.connect() as connection:
            self._move(round, connection, is_users)
            space.fill(left)
            try:
                round.start()
                round.finish()
            finally:
                space.free()
            refusals = _refusals(round) - before
            self._rerun(round, space)
            with round.ground.application.paused():
                connection.execute(MOVE_OUT)
            connection.execute(NEW_TABLES.format(NAME, "DEFAULT").encode())
        return int(refusals > 0)

    def _move(self, round: Round, connection: psycopg.Connection, is_users: bool) -> None:
        if not is_users:
            connection.execute(NEW_TABLES.format(NAME, "small").encode())
            return
        with round.ground.application.paused():
            for statement in MOVE_IN:
                connection.execute(statement)

    def _rerun(self, round: Round, space: Space) -> None:
        flags = ["--assume-readers-ready"] if round.command is Command.ROTATE else []
        ended: Ended = round.scene.command_line.run(round.command.value, "--json", *flags)
        if ended.code not in _WELL:
            round.wrong.append(f"with room again it ended with {ended.code}: {ended.out[-500:]}")


def _refusals(round: Round) -> int:
    log = round.ground.server.directory / "log"
    return log.read_text(errors="replace").count("No space left on device")
