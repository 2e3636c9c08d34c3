"""What earlier looks and the applications have written down, as far as the next look needs it."""

from datetime import timedelta

from reseal.health.reading import Opening, Past, Pools
from reseal.scores.finding import Unknown
from reseal.store.store import Store

LATEST = """
SELECT value FROM {reseal}.sample WHERE name = %s AND source = %s AND at > clock_timestamp() - %s
ORDER BY at DESC LIMIT 1
"""

# A look writes its three numbers in one statement.
ROUND = """
SELECT coalesce(sum(value) FILTER (WHERE name = 'health.rows'), 0)::bigint,
       coalesce(sum(value) FILTER (WHERE name = 'health.unsealed'), 0)::bigint,
       coalesce(sum(value) FILTER (WHERE name = 'health.broken'), 0)::bigint
FROM (SELECT name, value FROM {reseal}.sample
      WHERE name IN ('health.rows', 'health.unsealed', 'health.broken') AND source = %s
        AND at > clock_timestamp() - %s
      ORDER BY at DESC LIMIT %s) AS looks
"""

USUAL = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FROM {reseal}.sample
WHERE name = 'health.login_ms' AND source = %s AND at > clock_timestamp() - interval '1 day'
HAVING count(*) >= 30
"""

POOLS = """
SELECT source, max(value) FILTER (WHERE name = 'pool.used'),
       max(value) FILTER (WHERE name = 'pool.size'),
       coalesce(max(value) FILTER (WHERE name = 'pool.waiting'), 0)
FROM (SELECT DISTINCT ON (source, name) source, name, value FROM {reseal}.sample
      WHERE name IN ('pool.used', 'pool.size', 'pool.waiting')
        AND at > clock_timestamp() - interval '2 minutes'
      ORDER BY source, name, at DESC) AS latest
GROUP BY source ORDER BY source
"""

# The present minute is not over; the five before the last may belong to the same burst.
OPENS = """
WITH told AS (
    SELECT source, value, at, date_trunc('minute', clock_timestamp()) - interval '1 minute' AS last
    FROM {reseal}.sample
    WHERE name = 'vault.opens' AND at > clock_timestamp() - interval '1 day'
), usual AS (
    SELECT source, percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS own FROM told
    WHERE at < last - interval '5 minutes' GROUP BY source HAVING count(*) >= 30
), common AS (
    SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS others FROM told
    WHERE at < last - interval '5 minutes' HAVING count(*) >= 30
)
SELECT source, max(value), (SELECT own FROM usual WHERE usual.source = told.source),
       (SELECT others FROM common)
FROM told WHERE at >= last GROUP BY source ORDER BY source
"""

# Fewer opens a minute than this are no burst, however seldom an instance is asked.
_LEAST_BURST = 600.0
_TIMES_THE_USUAL = 5.0
# Of an instance of which nothing is known, and no other to compare it with.
_BURST_OF_A_STRANGER = 6000.0


def latest(store: Store, name: str, source: str, within: timedelta) -> float | None:
    """Return the latest measurement of a name by a source, if it is not older than this."""
    row = store.one(LATEST, [name, source, within])
    return None if row is None else float(row[0])


def of_round(store: Store, field: str, looks: int) -> Past:
    """Return what the last so many looks at a field found together."""
    if looks < 1:
        return Past()
    # Looks may be late, and those of yesterday say nothing of today.
    within = timedelta(hours=1) + looks * timedelta(minutes=3)
    return Past(*store.need(ROUND, [field, within, 3 * looks]))


def usual_login(store: Store, field: str) -> float | None:
    """Return what a login usually took in the last day; None while too few were timed."""
    row = store.one(USUAL, [field])
    return None if row is None else float(row[0])


def pools(store: Store) -> Pools | Unknown:
    """Return what the applications tell of their pools."""
    told = [
        (used / size, source, waiting)
        for source, used, size, waiting in store.execute(POOLS)
        if used is not None and size
    ]
    if not told:
        return Unknown("no application has told of a pool in the last two minutes")
    utilisation, worst, _ = max(told)
    return Pools(worst, utilisation, int(sum(waiting for *_, waiting in told)), len(told))


def openings(store: Store) -> tuple[Opening, ...]:
    """Return how often each instance opened in the last minute, and what would be a burst of it."""
    return tuple(
        Opening(source, opens, burst(own, others))
        for source, opens, own, others in store.execute(OPENS)
    )


def burst(own: float | None, others: float | None) -> float:
    """Return from how many opens a minute on an instance's are a burst.

    `own` is what 95 of 100 of its minutes stayed below; one that is new is judged by all.
    """
    usual = own if own is not None else others
    return _BURST_OF_A_STRANGER if usual is None else max(_LEAST_BURST, _TIMES_THE_USUAL * usual)
