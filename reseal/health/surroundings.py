"""What a look asks of keys, applications and the server around the tables."""

from reseal.health.reading import GoneKey, KeyAge, LiveReaders, Replication
from reseal.key_policy import used_up
from reseal.scores.finding import NO_KEY, Unknown
from reseal.store.active_key import ActiveKey
from reseal.store.store import Store

READERS = """
SELECT count(*), count(*) FILTER (WHERE opens ->> %(version)s = %(check)s),
       count(*) FILTER (WHERE seals)
FROM {reseal}.reader WHERE seen > clock_timestamp() - interval '2 minutes'
"""

# An application that was told of opens within the last minutes still has the key in its memory.
GONE = """
SELECT k.version,
       ARRAY(SELECT r.instance FROM {reseal}.reader AS r
             WHERE r.seen > clock_timestamp() - interval '2 minutes'
               AND r.opens ? k.version::text ORDER BY r.instance LIMIT 10),
       coalesce(u.last_opened > coalesce(k.disabled, k.destroyed)
                AND u.last_opened > clock_timestamp() - interval '5 minutes', false)
FROM {reseal}.data_key AS k LEFT JOIN {reseal}.key_use AS u USING (version)
WHERE k.state IN ('disabled', 'destroyed') ORDER BY k.version
"""

# What a base backup is sent through is no standby.
REPLICATION = """
SELECT count(*), max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))::bigint
FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup'
"""

SLOTS = """
SELECT count(*), count(*) FILTER (WHERE NOT active),
       max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::bigint
FROM pg_replication_slots
"""


def key_age(store: Store) -> KeyAge | Unknown:
    """Return how much of its cryptoperiod the active key has used up."""
    key = ActiveKey.find(store)
    if key is None:
        return NO_KEY
    used = used_up(key.since, key.expires, key.asked)
    return KeyAge(key.version, used, key.last_day, key.is_compromised)


def readers(store: Store) -> LiveReaders | Unknown:
    """Return how many applications are live, open the active key, and write envelopes."""
    key = ActiveKey.find(store)
    if key is None:
        return NO_KEY
    asked = {"version": str(key.version), "check": key.check_value.hex()}
    found = LiveReaders(*store.need(READERS, asked))
    return found if found.live else Unknown("no application has reported in the last two minutes")


def replication(store: Store) -> Replication | Unknown:
    """Return how far standbys are behind, and how much log is kept for slots."""
    standbys, lag = store.need(REPLICATION)
    slots, idle, retained = store.need(SLOTS)
    if not standbys and not slots:
        return Unknown("no standby is attached, and there is no replication slot")
    if standbys and lag is None and not slots:
        return Unknown("this role may not see how far standbys are; grant it pg_monitor")
    return Replication(standbys, lag, slots, idle, retained)


def gone_keys(store: Store) -> tuple[GoneKey, ...]:
    """Return the keys that are disabled or destroyed, and who has use for them still."""
    return tuple(GoneKey(version, tuple(who), since) for version, who, since in store.execute(GONE))
