"""Checks of the server as a whole: can it be written to, and is there room to work in."""

import ipaddress
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from reseal.modes import effort
from reseal.preflight.growth import growth
from reseal.preflight.question import Finding, Question, ok, refuse, unknown, warn
from reseal.preflight.subject import Subject
from reseal.sizes import readable
from reseal.store.store import Store

OLDEST_VERSION = 140000
MOST_SKEW_SECONDS = 30
# Beside the workers: the one that holds the lock, the one that watches, the one that samples, one
# to spare.
OTHER_CONNECTIONS = 4

VERSION = "SELECT current_setting('server_version_num')::int, current_setting('server_version')"

WRITABLE = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'"

ENCODING = "SELECT current_setting('server_encoding')"

UNSAFE = """
SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'
ORDER BY name
"""

# pg_stat_database counts sessions for everyone; pg_stat_activity hides those of other roles.
CONNECTIONS = """
SELECT current_setting('max_connections')::int
       - current_setting('superuser_reserved_connections')::int
       - coalesce(current_setting('reserved_connections', true)::int, 0),
       (SELECT sum(numbackends) FROM pg_stat_database)::int
"""

BACKEND = "SELECT pg_backend_pid(), current_setting('application_name')"

CLOCK = "SELECT clock_timestamp()"

DATA_DIRECTORY = "SELECT current_setting('data_directory')"


def version(subject: Subject) -> Finding:
    """Look at the server's version."""
    number, text = subject.store.need(VERSION)
    if number < OLDEST_VERSION:
        return refuse(text, "upgrade PostgreSQL to 14 or later")
    return ok(text)


def writable(subject: Subject) -> Finding:
    """Look whether an ordinary session may write; this one was made read-only on purpose."""
    with closing(subject.access.store("preflight")) as ordinary:
        is_standby, is_read_only = ordinary.need(WRITABLE)
    if is_standby:
        return refuse("a standby in recovery", "point RESEAL_DATABASE_URL at the primary server")
    if is_read_only:
        remedy = "set default_transaction_read_only to off for the server, database and role"
        return refuse("read-only", remedy)
    return ok("primary, writable")


def encoding(subject: Subject) -> Finding:
    """Look at the database's encoding."""
    name = subject.store.need(ENCODING)[0]
    if name == "UTF8":
        return ok(name)
    if name == "SQL_ASCII":
        return refuse(name, "move the database to UTF8: in SQL_ASCII a text has no certain bytes")
    return warn(name, "values are compared as UTF8; try the run on a copy of the database first")


def durable(subject: Subject) -> Finding:
    """Look whether what is committed survives a crash."""
    names = [name for (name,) in subject.store.execute(UNSAFE)]
    if names:
        remedy = "turn these on: after a crash neither rows nor backup can be trusted"
        return warn(f"{' and '.join(names)} off", remedy)
    return ok("both on")


def connections(subject: Subject) -> Finding:
    """Look whether the run's connections fit beside those of the application."""
    most, used = subject.store.need(CONNECTIONS)
    needed = effort(subject.plan.mode).workers + OTHER_CONNECTIONS
    free = most - used
    value = f"{free} free of {most}, {needed} needed"
    if free < needed:
        return refuse(value, "raise max_connections, close idle sessions, or take --safe")
    if free < 2 * needed:
        return warn(value, "leave the application more room, or take --safe")
    return ok(value)


def pooler(subject: Subject) -> Finding:
    """Look whether the session is one backend's, as locks and settings of a session need."""
    seen = [tuple(subject.store.need(BACKEND)) for _ in range(3)]
    info = subject.store.connection.info
    meant = (info.backend_pid, info.parameter_status("application_name"))
    if set(seen) <= {meant}:
        return ok("direct")
    value = "several backends serve one session" if len(set(seen)) > 1 else "a pooler is between"
    return warn(value, "point RESEAL_DATABASE_URL past the pooler: it loses locks of a session")


def clock(subject: Subject) -> Finding:
    """Compare the server's clock with this machine's."""
    before = datetime.now(UTC)
    there = subject.store.need(CLOCK)[0]
    here = before + (datetime.now(UTC) - before) / 2
    skew = abs((there - here).total_seconds())
    value = f"{skew:.1f} s apart"
    if skew > MOST_SKEW_SECONDS:
        return warn(value, "set both clocks by NTP: evidence and expiry dates rely on them")
    return ok(value)


def disk(subject: Subject) -> Finding:
    """Compare the free disk of the server with what the run is expected to write."""
    needed = sum(growth(field).total for field in subject.fields)
    free = _free(subject.store) if _is_local(subject) else None
    if free is None:
        value = f"not visible from here, about {readable(needed)} needed"
        return unknown(value, "look on the server that twice as much is free")
    value = f"{readable(free)} free, about {readable(needed)} needed"
    if free < needed:
        return refuse(value, "free or add disk where the data directory lies")
    if free < 2 * needed:
        return warn(value, "leave twice as much free: write-ahead log may pile up")
    return ok(value)


def _is_local(subject: Subject) -> bool:
    host = subject.store.connection.info.host
    return subject.plan.embedded or host.startswith("/") or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _free(store: Store) -> int | None:
    directory = Path(store.need(DATA_DIRECTORY)[0])
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        # A forwarded port looks local too, but then the server's directory is not here.
        return None


SERVER_CHECKS = (
    Question("server: version", "14 or later", version),
    Question("server: writable", "a primary that is not read-only", writable),
    Question("server: encoding", "UTF8", encoding),
    Question("server: durable", "fsync and full_page_writes on", durable),
    Question("server: connections", "twice as many free as needed", connections),
    Question("server: pooler", "no pooler between", pooler),
    Question("server: clock", f"{MOST_SKEW_SECONDS} s apart", clock),
    Question("server: disk", "twice as much free as needed", disk),
)
