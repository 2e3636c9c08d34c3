"""How long a run is expected to take: by earlier runs on this database, or by the benchmark."""

from dataclasses import dataclass

from reseal.modes import Mode
from reseal.store import schema
from reseal.store.store import Store

# Below this many rows a run is mostly its beginning and end.
_LEAST_ROWS = 1000

# From the moment a run holds its fields, so without preflight and without waiting for a person.
EARLIER = """
SELECT r.run_id::text, r.mode, to_char(r.started, 'YYYY-MM-DD'), b.changed,
       extract(epoch FROM r.finished - r.started)::float
FROM {reseal}.run AS r CROSS JOIN LATERAL (
    SELECT sum(changed) AS changed FROM {reseal}.batch
    WHERE run_id = r.run_id AND turn <> 'unseal') AS b
WHERE r.flow = %(flow)s AND r.outcome IN ('done', 'partial') AND r.finished > r.started
  AND b.changed >= %(least)s
ORDER BY r.mode = %(mode)s DESC, r.started DESC LIMIT 1
"""

# Rows a second of a whole run at a million rows (docs/performance.md), rounded down.
_BENCHMARK = {Mode.SAFE: 9_000, Mode.STANDARD: 20_000, Mode.AGGRESSIVE: 25_000}
# What a run takes however few rows there are.
_FIXED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds from the answer to the end, and what that is told from."""

    seconds: float
    rows_a_second: float
    source: str


def estimate(store: Store, flow: str, mode: Mode, rows: int) -> Estimate:
    """Estimate how long a flow takes for so many rows to write."""
    told = {"flow": flow, "mode": mode.value, "least": _LEAST_ROWS}
    found = store.one(EARLIER, told) if schema.exists(store) else None
    if found is None:
        rate = float(_BENCHMARK.get(mode, _BENCHMARK[Mode.STANDARD]))
        source = "the published benchmark's order of magnitude; there was no such run here before"
        return Estimate(_FIXED_SECONDS + rows / rate, rate, source)
    run_id, its_mode, day, changed, seconds = found
    rate = float(changed) / seconds
    return Estimate(
        _FIXED_SECONDS + rows / rate, rate, f"run {run_id} of {day} on this database, {its_mode}"
    )
