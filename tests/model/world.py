"""The world of the model: the table, the runs, and what the database holds of both.

A version (`xmin`) is only ever asked whether it is still the one of then. So a run keeps for each
row not numbers but flags, and any write of the row, whoever's, ends them. Whatever is told of a row
stands with the row: rows are alike, so worlds that differ by their order are one.
"""

from enum import IntEnum
from itertools import chain
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")

NOBODY = -1
NO_SECRET = 0


class Shape(IntEnum):
    """What a column's value is."""

    EMPTY = 0
    PLAIN = 1
    SEALED = 2
    BROKEN = 3
    """An envelope that a run wrote and nobody can open; the secret is what it should hold."""


class Value(NamedTuple):
    """A value in the column, and the secret in it: a number that only says which are the same."""

    shape: Shape
    secret: int


NOTHING = Value(Shape.EMPTY, NO_SECRET)


class Stage(IntEnum):
    """How far a pass is with a row."""

    AHEAD = 0
    IN_BATCH = 1
    PASSED = 2


class Mark(NamedTuple):
    """What a run has of a row: flags that the row's next write ends, its batch, and its backup."""

    is_before_horizon: bool = False
    """Not written since the run's backup began, so the backup has it as it stands."""
    is_before_pass: bool = False
    """Not written since the run's latest pass began."""
    is_as_read: bool = False
    """Its `xmin` is the one that was read."""
    stage: Stage = Stage.AHEAD
    turned: Value = NOTHING
    """What the batch in memory will write."""
    is_late: bool = False
    """The batch will back up the original, too."""
    kept: int = NO_SECRET
    """The original that the run's backup holds."""
    overwrote: int = NO_SECRET
    """The plaintext that the run has overwritten last; nobody in the model looks at it."""


class Row(NamedTuple):
    """A row: its value, what its user enrolled last, and who has what of it in memory."""

    value: Value
    latest: int
    """The truth that the invariants compare with; nobody in the model looks at it."""
    marks: tuple[Mark, ...]
    saves: tuple[Value, ...] = ()
    """Values that applications have read, and will write back with the rest of the row."""
    has_gone_back: bool = False
    """An application has written what it had read over a newer enrolment, and that is lost."""

    def written(self, value: Value) -> "Row":
        """Return the row after a write: a version that nobody has read yet."""
        return self._replace(value=value, marks=tuple(_outdated(mark) for mark in self.marks))

    def marked(self, number: int, mark: Mark) -> "Row":
        """Return the row with what a run has of it replaced."""
        marks = replaced(self.marks, number, mark)
        return Row(self.value, self.latest, marks, self.saves, self.has_gone_back)


def _outdated(mark: Mark) -> Mark:
    if mark.is_before_horizon or mark.is_before_pass or mark.is_as_read:
        return mark._replace(is_before_horizon=False, is_before_pass=False, is_as_read=False)
    return mark


class Phase(IntEnum):
    """Where a run is; what it has in memory is gone when it is killed, whatever the phase."""

    WAITING = 0
    HOLDING = 1
    """It has the field's lock and epoch."""
    COVERED = 2
    """The shield and the key stand, and the backup has its horizon."""
    READING = 3
    TURNED = 4
    """A batch is turned in memory."""
    WRITING = 5
    """A transaction is open, and has seen the fence."""
    ORPHANED = 6
    """The same, but the run is dead: its COMMIT may be on the way."""
    JUDGING = 7
    """A pass found nothing to do."""
    ENDED = 8


class Run(NamedTuple):
    """A run: a process with the lock's connection and others, on which its batches go."""

    phase: Phase = Phase.WAITING
    undoes: int = NOBODY
    """The run whose originals it puts back."""
    is_clean: bool = True
    """Nothing was changed, moved or held in this pass so far."""


class World(NamedTuple):
    """Everything there is."""

    rows: tuple[Row, ...]
    runs: tuple[Run, ...]
    owner: int = NOBODY
    """The run whose fencing epoch stands in `control`; each run takes over once."""
    is_shielded: bool = False
    has_key: bool = False
    key_in_memory: int = NOBODY
    """The run that alone has the data key: never, but in a mutant."""
    writes: int = 0
    """How many more writes applications will begin."""
    faults: int = 0
    """How many more envelopes will come out broken."""

    def with_row(self, at: int, row: Row) -> "World":
        """Return the world with a row replaced."""
        return World(replaced(self.rows, at, row), *self[1:])

    def with_run(self, number: int, run: Run) -> "World":
        """Return the world with a run replaced."""
        return World(self.rows, replaced(self.runs, number, run), *self[2:])


def replaced(items: tuple[Item, ...], at: int, item: Item) -> tuple[Item, ...]:
    """Return a tuple with one of its items replaced."""
    return (*items[:at], item, *items[at + 1 :])


def beginning(rows: int, runs: int, writes: int, faults: int) -> World:
    """Return a table of plaintext before any run."""
    row = Row(Value(Shape.PLAIN, 1), 1, (Mark(),) * runs)
    return World((row,) * rows, (Run(),) * runs, writes=writes, faults=faults)


def secrets(row: Row) -> set[int]:
    """Return the secrets that anyone has of a row."""
    marks = chain.from_iterable(
        (mark.kept, mark.overwrote, mark.turned.secret) for mark in row.marks
    )
    return {row.value.secret, row.latest, *marks, *(value.secret for value in row.saves)}
