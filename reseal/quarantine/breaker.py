"""The circuit breaker: a run stops when too large a share of the values cannot be sealed."""

from dataclasses import dataclass
from uuid import UUID

from reseal.census import Census
from reseal.store import quarantine
from reseal.store.store import Store
from reseal.sweep.tally import Tally

WORD = "most_quarantined_percent"

# A handful is no trend: of a small table, or of the first pages, it can be any share.
LEAST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Breaker:
    """How large a share of the values may be set aside; accepted rows do not count."""

    most_percent: int
    accepted: int = 0

    def trips_at(self, tally: Tally) -> bool:
        """Say whether too many of the values that a pass has met so far are set aside."""
        return self.is_exceeded(tally.quarantined, tally.rows_read - tally.empty)

    def is_exceeded(self, aside: int, values: int) -> bool:
        """Say whether so many rows set aside, accepted ones among them, are too many."""
        counted = aside - self.accepted
        return counted >= LEAST_ROWS and counted * 100 > self.most_percent * values

    def foresees(self, census: Census) -> bool:
        """Say whether what is known before a run is already too much."""
        return self.is_exceeded(census.foreign + census.unrecognised, census.rows - census.empty)

    def sentence(self, aside: int, values: int, field: str) -> str:
        """Say how many of how many, and what the limit is."""
        return (
            f"{aside - self.accepted} of {values} values seen in {field} cannot be sealed, more "
            f"than the {self.most_percent}% that {WORD} in reseal.toml allows"
        )


def tripped(store: Store, breaker: Breaker, tally: Tally, field: str, run_id: UUID) -> str:
    """Say why a run stops, what stands, and what to do."""
    reason = quarantine.commonest_reason(store, run_id, field)
    return (
        f"{breaker.sentence(tally.quarantined, tally.rows_read - tally.empty, field)}; most "
        f"often: {reason}; what was sealed stays; see `reseal quarantine list`, mend or accept "
        f"these rows or raise {WORD}, and run again"
    )
