"""How much a run is expected to write, from what was counted and what was measured."""

from dataclasses import dataclass

from reseal import envelope
from reseal.preflight.subject import FieldSubject
from reseal.store.catalog import Target

# Measured per changed row: 0.6 to 1.3 KB of write-ahead log; more right after a checkpoint.
LOG_BYTES_A_ROW = 1300
# The sealed original of a short secret, its key and its entry in the backup's index.
BACKUP_BYTES_A_ROW = 250

_PAGE_BYTES = 8192
# What the measured rows held.
_SHORT_SECRET = 32


@dataclass(frozen=True, slots=True)
class Growth:
    """Bytes that the run adds: to the table, as write-ahead log, in the backup."""

    table: int
    log: int
    backup: int

    def __add__(self, other: "Growth") -> "Growth":
        return Growth(self.table + other.table, self.log + other.log, self.backup + other.backup)

    @property
    def total(self) -> int:
        """All of it, if no log is removed meanwhile."""
        return self.table + self.log + self.backup


def growth(subject: FieldSubject) -> Growth:
    """Estimate what the run writes: the unsealed rows, and in a rotation the sealed ones too."""
    contents = subject.contents
    originals = contents.census.unsettled
    rows = originals + (contents.census.all_sealed if subject.plan.rotates else 0)
    envelopes = contents.secrets * envelope.longest(contents.longest)
    # Every changed row is written anew beside its old version, longer by the envelopes; a long
    # document lies outside the pages that rows are counted by.
    new_row = max(_row_bytes(subject.target), contents.cell) + envelopes
    log = max(LOG_BYTES_A_ROW, new_row)
    # The backup keeps the whole cell.
    original = max(contents.cell - _SHORT_SECRET, 0)
    backup = 0 if subject.plan.skip_backup else BACKUP_BYTES_A_ROW + original
    return Growth(int(rows * new_row), int(rows * log), int(originals * backup))


def _row_bytes(target: Target) -> float:
    return _PAGE_BYTES / target.rows_per_page
