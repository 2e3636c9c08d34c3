"""What a kind of fault is, and how it is told."""

from random import Random
from typing import ClassVar

from tests.chaos.moments import MODES, WEIGHTS, Moment, Stage
from tests.chaos.round import Command, Round

# Mostly the first encryption: it is what a database is exposed to.
_COMMANDS = {Command.ENCRYPT: 6, Command.ROTATE: 2, Command.ROLLBACK: 2}

_AT_WORK = {
    Stage.PREPARE: 1, Stage.BACKUP: 3, Stage.ENCRYPT: 8, Stage.VALIDATE: 2, Stage.AFTERWARDS: 1,
}  # fmt: skip

_MOST_WRITTEN = 0.5


class Fault:
    """A kind of fault; `breaks` where a run may fail by it, and a further one has to go on."""

    name: ClassVar[str]
    breaks: ClassVar[bool] = True

    def command(self, nth: int, dice: Random) -> Command:
        """Choose the command that meets the `nth` fault of this kind."""
        return dice.choices(list(_COMMANDS), list(_COMMANDS.values()))[0]

    def inject(self, round: Round) -> int:
        """Run the round's command to its end with faults in it; return how many there were."""
        raise NotImplementedError


# Takes its time, so that something can be done meanwhile.
SLOWLY = ["--safe"]


def moments(dice: Random, most: int) -> list[Moment]:
    """Choose up to so many moments of a run at work, in the order in which they come."""
    stages = dice.choices(list(_AT_WORK), list(_AT_WORK.values()), k=dice.randint(1, most))
    return sorted(
        (Moment(stage, dice.random(), []) for stage in stages),
        key=lambda one: (one.stage, one.share),
    )


def amid_rows(dice: Random) -> Moment:
    """Choose a moment at which a run still has most of its rows to write."""
    return Moment(Stage.ENCRYPT, dice.random() * _MOST_WRITTEN, [])


def any_moment(dice: Random) -> Moment:
    """Choose any moment of a run, its start included."""
    stage = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    return Moment(stage, dice.random(), dice.choice(MODES))
