"""A second runner is started while the first is at work."""

from reseal.store import schema
from tests.chaos.faults.interface import Fault
from tests.chaos.hold import Hold, holding
from tests.chaos.round import Command, Round
from tests.flows.conftest import Ended

AT_WORK = "NEW.changed > 0"

_REFUSED = 3


class Second(Fault):
    """The first is held amid a batch until the second has ended; then it has to end well."""

    name = "second runner"
    breaks = False

    def inject(self, round: Round) -> int:
        """Start one more, of any command."""
        second = Round(round.ground, round.number, 0, _other(round), round.dice)
        with round.scene.library() as (_, store):
            schema.migrate(store)
        hold = Hold("batch", "AFTER INSERT", AT_WORK, lets_go=True)
        with round.scene.connect() as connection, holding(connection, hold) as held:
            round.start()
            is_met = round.waits_for(lambda: held.has_come)
            if is_met:
                round.said = second.command
                ended = round.scene.command_line.run(*second.words())
                round.wrong += _unrefused(ended)
            held.let_go()
            round.finish()
        return int(is_met)


def _other(round: Round) -> Command:
    can_undo = round.command is Command.ROLLBACK
    return round.dice.choice(list(Command) if can_undo else [Command.ENCRYPT, Command.ROTATE])


def _unrefused(ended: Ended) -> list[str]:
    if ended.code == _REFUSED:
        return []
    return [f"the second runner ended with {ended.code} where it must be refused: {ended}"]
