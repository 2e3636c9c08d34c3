"""What every batch of a sweep shares: the field, the keys, the run, and how to connect."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from reseal.backup.coverage import Coverage, Kept
from reseal.decision import Decision, now
from reseal.field import Field
from reseal.keyring import Keyring
from reseal.quarantine.trouble import SetAside
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally
from reseal.sweep.turn import Turn
from reseal.sweep.write import TurnedRows

# A server that crashes takes the last moment's batches along, rows and checkpoint together, as if
# they had not been: the next pass finds the rows as they were. Whatever a run reports it commits
# after them and waits for, and the log is written in order.
#
# The shield is for applications: see shield.py. All of it is of one transaction: behind a pooler
# the next one on the connection may be an application's.
SWEEPING = "SET LOCAL synchronous_commit = off; SET LOCAL reseal.sweeping = 'on'"

# The application's triggers stay as they are for everyone else, and nothing is altered. Only
# triggers that were made ENABLE ALWAYS or ENABLE REPLICA fire.
QUIETLY = "SET LOCAL session_replication_role = replica"

_MOST_DECISIONS = 50


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which run turns which field, how, under which fencing epoch, in which pass."""

    run_id: UUID
    field: str
    turn: Turn
    epoch: int
    pass_number: int = 1


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, turned in memory and ready to be written.

    `rest` counts the rows that are not to be written; `backup` holds the sealed originals of
    rows that the backup does not have as they stand.
    """

    span: Span
    turned: TurnedRows
    rest: Tally
    quarantined: list[SetAside]
    left_alone: list[tuple[list[str], str]]
    backup: list[Kept]


@dataclass(slots=True)
class Job:
    """An assignment with a connection; `connect` makes a new one after a loss."""

    assignment: Assignment
    target: Target
    keyring: Keyring
    coverage: Coverage | None
    connect: Callable[[], Store]
    store: Store
    seals_told: int = 0
    clock: Callable[[], datetime] = now
    decisions: list[Decision] = field(default_factory=list)

    def decide(self, what: str) -> None:
        """Note a decision of the pacing; more than some are not told of one span."""
        if len(self.decisions) < _MOST_DECISIONS:
            self.decisions.append(Decision(self.clock(), what))

    def decided(self) -> tuple[Decision, ...]:
        """Return the decisions since this was last asked."""
        told = tuple(self.decisions)
        self.decisions.clear()
        return told

    def reconnect(self) -> None:
        """Leave the broken connection and open another one."""
        self.store.close()
        self.store = self.connect()


def begin_batch(store: Store, field: Field) -> None:
    """Tell the server, first in a batch's transaction, whose it is."""
    store.execute(SWEEPING)
    if field.skips_triggers:
        store.execute(QUIETLY)
