"""Checks of who else is at work: another run on the field, applications that report."""

import time

from reseal.preflight.question import Finding, Question, ok, refuse, warn
from reseal.preflight.subject import FieldSubject, Subject
from reseal.store import reader, schema
from reseal.store.control import lock_name

# A bigint lock shows as its two halves; trying the lock would hold off a run that begins now.
HOLDER = """
WITH name AS (SELECT hashtextextended(%s, 0) AS hash)
SELECT l.pid FROM pg_locks l, name, pg_database d
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid <> pg_backend_pid()
  AND d.datname = current_database() AND l.database = d.oid
  AND l.classid::bigint = (name.hash >> 32) & 4294967295
  AND l.objid::bigint = name.hash & 4294967295
"""

# The backend of a runner that was killed needs a moment to notice.
PATIENCE_SECONDS = 3.0
_PAUSE_SECONDS = 0.25


def lock(subject: FieldSubject) -> Finding:
    """Look whether another run holds the field, for a moment, lest it is one that died."""
    pid = _holder(subject)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while pid is not None and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
        pid = _holder(subject)
    if pid is None:
        return ok("free")
    value = f"another run is working on field {subject.name!r}, pid {pid}"
    judge = refuse if subject.plan.takes_over else warn
    return judge(value, "wait for that run, or end it with `reseal stop`")


def tables(subject: Subject) -> Finding:
    """Look whether Reseal's own tables are all there."""
    if not schema.exists(subject.store):
        return ok("none yet")
    gone = schema.missing_tables(subject.store)
    if gone:
        return refuse(f"{', '.join(gone)} gone", 'see docs/runbook.md, "Restoring the database"')
    return ok("all there")


def readers(subject: Subject) -> Finding:
    """Count the applications that reported lately, and those that still write plaintext."""
    if not schema.exists(subject.store):
        return ok("none known yet")
    live, plain = reader.count_live(subject.store)
    if plain:
        value = f"{live} live, {plain} write plaintext"
        return warn(value, "let them write envelopes; until then the guard is left out")
    return ok(f"{live} live, all write envelopes" if live else "none reported lately")


def _holder(subject: FieldSubject) -> int | None:
    row = subject.store.one(HOLDER, [lock_name(subject.store, subject.name)])
    return row[0] if row else None


READER_CHECKS = (
    Question("runners: tables", "all of Reseal's own", tables),
    Question("runners: readers", "none writes plaintext", readers),
)

RUNNER_CHECKS = (Question("runners: lock", "free", lock),)
