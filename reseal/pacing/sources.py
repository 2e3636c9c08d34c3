"""What each signal is asked of the server by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reseal.pacing.signal import Signal
from reseal.pacing.written_log import WrittenLog
from reseal.store.session import sees_others
from reseal.store.store import Store

# Locks and names of sessions are to be seen by every role, what a session does is not.
WAITS = """
WITH ours AS MATERIALIZED (
    SELECT pid FROM pg_stat_activity WHERE application_name LIKE %(ours)s
), waiting AS MATERIALIZED (
    SELECT pid, extract(epoch FROM clock_timestamp() - min(waitstart)) AS seconds
    FROM pg_locks WHERE NOT granted AND pid NOT IN (SELECT pid FROM ours) GROUP BY pid
)
SELECT coalesce(max(seconds) FILTER (WHERE pg_blocking_pids(pid) && ARRAY(SELECT pid FROM ours)),
                0)::float8,
       coalesce(max(seconds) FILTER (WHERE EXISTS (
           SELECT FROM pg_locks AS l WHERE l.pid = w.pid AND l.locktype = 'relation'
           AND l.relation = ANY (%(tables)s)
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))),
                0)::float8
FROM waiting AS w
"""


# Who waits for a lock, a client or a timer takes no processor.
ACTIVE = """
SELECT count(*)::float8 FROM pg_stat_activity
WHERE state = 'active' AND backend_type IN ('client backend', 'parallel worker')
  AND coalesce(wait_event_type, '') NOT IN ('Lock', 'Client', 'Timeout', 'Activity', 'IPC')
  AND application_name NOT LIKE %(ours)s
"""

# Who decodes the log, or only receives it, is no standby. Without the right to see it all a row
# has nothing but a pid.
REPLICATION = """
SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint,
       count(*), count(state),
       pg_wal_lsn_diff(min(replay_lsn), '0/0')::bigint,
       count(replay_lsn)
FROM pg_stat_replication AS r
WHERE NOT EXISTS (SELECT FROM pg_replication_slots AS s
                  WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
"""

SNAPSHOT = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - began)), 0)::float8 FROM (
    SELECT xact_start AS began FROM pg_stat_activity
    WHERE (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
      AND datname = current_database() AND backend_type <> 'autovacuum worker'
      AND application_name NOT LIKE %(ours)s
    UNION ALL SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()
) AS held
"""

RETAINED = """
SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0)::float8
FROM pg_replication_slots WHERE restart_lsn IS NOT NULL
"""

WAL = """
SELECT greatest(0, sum(size) - pg_size_bytes(current_setting('max_wal_size')))::float8
FROM pg_ls_waldir()
"""

ARCHIVES = "SELECT current_setting('archive_mode') <> 'off'"

ARCHIVE = """
SELECT count(*)::float8 FROM pg_ls_archive_statusdir() WHERE name LIKE '%%.ready'
"""

DEAD = """
SELECT coalesce(sum(n_dead_tup), 0)::float8, coalesce(sum(n_live_tup), 0)::float8
FROM pg_stat_all_tables WHERE relid = ANY (%(tables)s)
"""

# Pools report once a minute; the one whose callers wait longest.
POOLS = """
SELECT max(value) FROM (
    SELECT DISTINCT ON (source) value FROM {reseal}.sample
    WHERE name = 'pool.wait_ms' AND at > clock_timestamp() - interval '3 minutes'
    ORDER BY source, at DESC) AS latest
"""

_MB = 1024 * 1024
# Of a small table nobody minds dead rows.
_LEAST_DEAD = 10_000

_NO_RIGHT = "the role may not see it; GRANT pg_monitor lets it"

# Values, and of signals that this server cannot give at all, why; nothing where it cannot just now.
Told = Mapping[Signal, float | str]


@dataclass
class Server:
    """Whom to ask about which tables; `ours` is a pattern of the names of the run's sessions."""

    store: Store
    ours: str
    tables: list[int]
    cores: int | None
    written: WrittenLog = field(default_factory=WrittenLog)
    lag_bytes: int | None = None
    standbys: int = 0
    has_pools: bool = False

    @property
    def values(self) -> dict[str, object]:
        """The parameters of statements."""
        return {"ours": self.ours, "tables": self.tables}


def waits(server: Server, _at: float) -> Told:
    """Ask who waits for the run, and who waits at the table."""
    blocked, queued = server.store.need(WAITS, server.values)
    return {Signal.BLOCKED: blocked, Signal.QUEUED: queued}


def active(server: Server, _at: float) -> Told:
    """Ask how busy others keep the server."""
    if not sees_others(server.store):
        return {Signal.ACTIVE: _NO_RIGHT}
    if server.cores is None:
        why = "a server elsewhere does not tell its cores; `server_cores` in [pace] does"
        return {Signal.ACTIVE: why}
    return {Signal.ACTIVE: server.store.need(ACTIVE, server.values)[0] / server.cores}


def pools(server: Server, _at: float) -> Told:
    """Look what applications report of their pools."""
    waits_ms = server.store.need(POOLS)[0]
    if waits_ms is None and not server.has_pools:
        return {Signal.POOL: "no application reports its pool"}
    server.has_pools = True
    # Of an application that has ended nobody waits.
    return {Signal.POOL: waits_ms or 0.0}


def replication(server: Server, at: float) -> Told:
    """Ask how far standbys are, and mark how far the log is."""
    end, senders, seen, replayed, standbys = server.store.need(REPLICATION)
    server.written.mark(end, at)
    rate = {Signal.WAL_RATE: server.written.rate / _MB}
    if senders and not seen:
        return {**rate, Signal.LAG: _NO_RIGHT}
    if standbys < server.standbys:
        # One that is not connected may be any time behind.
        server.lag_bytes = None
        return rate
    server.standbys = standbys
    if not standbys:
        return {**rate, Signal.LAG: "no standby is connected"}
    server.lag_bytes = max(0, end - replayed)
    return {**rate, Signal.LAG: server.written.lag(replayed, at)}


def snapshot(server: Server, _at: float) -> Told:
    """Ask how old the oldest transaction of others is."""
    if not sees_others(server.store):
        return {Signal.SNAPSHOT: _NO_RIGHT}
    return {Signal.SNAPSHOT: server.store.need(SNAPSHOT, server.values)[0]}


def retained(server: Server, _at: float) -> Told:
    """Ask how much log the slots keep."""
    return {Signal.RETAINED: server.store.need(RETAINED)[0] / _MB}


def wal(server: Server, _at: float) -> Told:
    """Ask how large the log is."""
    return {Signal.WAL: server.store.need(WAL)[0] / _MB}


def archive(server: Server, _at: float) -> Told:
    """Ask how much of the log waits to be archived."""
    if not server.store.need(ARCHIVES)[0]:
        return {Signal.ARCHIVE: "the server archives nothing"}
    return {Signal.ARCHIVE: server.store.need(ARCHIVE)[0]}


def dead(server: Server, _at: float) -> Told:
    """Ask how many dead rows the table has."""
    gone, live = server.store.need(DEAD, server.values)
    return {Signal.DEAD: gone / max(live, 1.0) if gone >= _LEAST_DEAD else 0.0}


@dataclass(frozen=True, slots=True)
class Source:
    """Who tells which signals, and how often to ask."""

    signals: tuple[Signal, ...]
    ask: Callable[[Server, float], Told]
    every: float = 0.0


# What the run itself can bring about in a moment is looked at each time.
_SELDOM = 1.5

SOURCES = (
    Source((Signal.BLOCKED, Signal.QUEUED), waits),
    Source((Signal.ACTIVE,), active),
    Source((Signal.LAG, Signal.WAL_RATE), replication),
    Source((Signal.POOL,), pools, _SELDOM),
    Source((Signal.SNAPSHOT,), snapshot, _SELDOM),
    Source((Signal.RETAINED,), retained, _SELDOM),
    Source((Signal.WAL,), wal, _SELDOM),
    Source((Signal.ARCHIVE,), archive, _SELDOM),
    Source((Signal.DEAD,), dead, _SELDOM),
)
