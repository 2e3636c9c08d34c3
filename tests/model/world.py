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
    by: int = NOBODY
    """The run that sealed it, or nobody, if an application did; only invariants look at it."""


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
    is_own: bool = False
    """The row has not been written since the run wrote it; said of broken envelopes alone, as
    nobody asks it of others."""


class Row(NamedTuple):
    """A row: its value, what its user enrolled last, and who has what of it in memory."""

    value: Value
    latest: int
    """The truth that the invariants compare with; nobody in the model looks at it."""
    marks: tuple[Mark, ...]
    saves: tuple[Value, ...] = ()
    """Values that applications have read, and will write back with the rest of the row."""
    is_marked: bool = False
    """An application has written an envelope here, which the shield knows no original of."""
    has_gone_back: bool = False
    """An application has written an envelope back that it had read: the truth, like `latest`."""

    def written(self, value: Value) -> "Row":
        """Return the row after a write: a version that nobody has read yet."""
        marks = tuple(_outdated(mark) for mark in self.marks)
        has_gone_back = self.has_gone_back and value == self.value
        return self._replace(value=value, marks=marks, has_gone_back=has_gone_back)

    def marked(self, number: int, mark: Mark) -> "Row":
        """Return the row with what a run has of it replaced."""
        return Row(self.value, self.latest, replaced(self.marks, number, mark), *self[3:])


def _outdated(mark: Mark) -> Mark:
    if mark.is_before_horizon or mark.is_before_pass or mark.is_as_read or mark.is_own:
        return mark._replace(
            is_before_horizon=False, is_before_pass=False, is_as_read=False, is_own=False
        )
    return mark


class Phase(IntEnum):
    """Where a run is; what it has in memory is gone when it is killed, whatever the phase."""

    WAITING = 0
    HOLDING = 1
    """It has the field's lock and epoch."""
    COVERED = 2
    """The shield and the key stand, and the backup has its horizon."""
    BACKING_UP = 3
    """The originals are read, and not yet to be seen in the backup."""
    READING = 4
    TURNED = 5
    """A batch is turned in memory."""
    WRITING = 6
    """A transaction is open, and has seen the fence."""
    ORPHANED = 7
    """The same, but the run is dead: its COMMIT may be on the way."""
    JUDGING = 8
    """A pass found nothing to do."""
    ENDED = 9


class Run(NamedTuple):
    """A run: a process with the lock's connection and others, on which its batches go."""

    phase: Phase = Phase.WAITING
    undoes: int = NOBODY
    """The run whose originals it puts back."""
    has_backup: bool = True
    is_clean: bool = True
    """Nothing was changed, moved or held in this pass so far."""


class World(NamedTuple):
    """Everything there is."""

    rows: tuple[Row, ...]
    runs: tuple[Run, ...]
    owner: int = NOBODY
    """The run whose fencing epoch stands in `control`; each run takes over once."""
    is_shielded: bool = False
    shielded: tuple[int, ...] = ()
    """The runs whose backups count: the shield has stood without a break since they began."""
    has_key: bool = False
    key_in_memory: int = NOBODY
    """The run that alone has the data key: never, but in a mutant."""
    writes: int = 0
    """How many more writes applications will begin."""
    faults: int = 0
    """How many more envelopes will come out broken."""
    shreds: int = 0
    """How many more backups will be destroyed."""

    def with_row(self, at: int, row: Row) -> "World":
        """Return the world with a row replaced."""
        return World(replaced(self.rows, at, row), *self[1:])

    def with_run(self, number: int, run: Run) -> "World":
        """Return the world with a run replaced."""
        return World(self.rows, replaced(self.runs, number, run), *self[2:])

    def with_phase(self, number: int, phase: Phase) -> "World":
        """Return the world with a run in another phase."""
        return self.with_run(number, self.runs[number]._replace(phase=phase))


def replaced(items: tuple[Item, ...], at: int, item: Item) -> tuple[Item, ...]:
    """Return a tuple with one of its items replaced."""
    return (*items[:at], item, *items[at + 1 :])


def beginning(rows: int, runs: int, writes: int, faults: int, shreds: int = 0) -> World:
    """Return a table of plaintext before any run."""
    row = Row(Value(Shape.PLAIN, 1), 1, (Mark(),) * runs)
    return World((row,) * rows, (Run(),) * runs, writes=writes, faults=faults, shreds=shreds)


def secrets(row: Row) -> set[int]:
    """Return the secrets that anyone has of a row."""
    marks = chain.from_iterable((mark.kept, mark.turned.secret) for mark in row.marks)
    return {row.value.secret, row.latest, *marks, *(value.secret for value in row.saves)}
