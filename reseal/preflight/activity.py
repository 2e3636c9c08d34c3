"""Checks of what goes on in the server: logs, archive, slots, transactions."""

from reseal.preflight.check import Verdict
from reseal.preflight.question import Finding, Question, none_of, ok, unknown, warn
from reseal.preflight.subject import Subject
from reseal.sizes import readable
from reseal.store.session import sees_others

LONG_SECONDS = 15 * 60

SETTINGS = """
SELECT name, setting FROM pg_settings WHERE name IN ('log_statement', 'log_min_duration_statement',
    'log_min_duration_sample', 'log_parameter_max_length', 'auto_explain.log_min_duration',
    'auto_explain.log_parameter_max_length', 'pgaudit.log')
"""

ARCHIVE = """
SELECT current_setting('wal_level'), current_setting('archive_mode'), failed_count,
       coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)
FROM pg_stat_archiver
"""

SLOTS = """
SELECT slot_name, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
       ELSE pg_current_wal_lsn() END, restart_lsn)::bigint
FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL ORDER BY slot_name
"""


OLDEST = """
SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::int FROM pg_stat_activity
WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()
  AND backend_type IN ('client backend', 'walsender', 'background worker')
ORDER BY xact_start LIMIT 1
"""

PREPARED = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(prepared)), 0)::int
FROM pg_prepared_xacts
"""


def statement_log(subject: Subject) -> Finding:
    """Look whether statements, with what the application binds to them, reach the log."""
    settings = _settings(subject)
    spoken = [f"log_statement={settings['log_statement']}"]
    is_logged = settings["log_statement"] in ("mod", "all")
    for name in ("log_min_duration_statement", "log_min_duration_sample"):
        if settings.get(name, "-1") != "-1":
            is_logged = True
            spoken.append(f"{name}={settings[name]}")
    value = ", ".join(spoken)
    if is_logged and settings["log_parameter_max_length"] != "0":
        remedy = (
            "Reseal binds no secret, but the application's enrolments are logged in clear; "
            "set log_parameter_max_length = 0, and look through the logs of the past"
        )
        return warn(value, remedy)
    return ok(value)


def plan_log(subject: Subject) -> Finding:
    """Look whether an extension writes statements to the log."""
    settings = _settings(subject)
    loud = []
    if settings.get("auto_explain.log_min_duration", "-1") != "-1":
        loud.append("auto_explain")
    if settings.get("pgaudit.log", "none") not in ("none", ""):
        loud.append("pgaudit")
    return none_of(loud, Verdict.WARN, "keep parameters out of what it logs, or turn it off")


def _settings(subject: Subject) -> dict[str, str]:
    return dict(subject.store.execute(SETTINGS).fetchall())


def archive(subject: Subject) -> Finding:
    """Look whether the archiver keeps up; if not, the run's write-ahead log fills the disk."""
    level, mode, failures, is_failing = subject.store.need(ARCHIVE)
    value = f"wal_level={level}, archive_mode={mode}, {failures} failures"
    if mode != "off" and is_failing:
        return warn(value, "mend archive_command first: its last attempt failed")
    return ok(value)


def slots(subject: Subject) -> Finding:
    """Look for replication slots that nobody reads and that keep write-ahead log."""
    idle = [f"{name} keeps {readable(kept)}" for name, kept in subject.store.execute(SLOTS)]
    remedy = "drop these slots or start their readers: they keep all that the run writes"
    return none_of(idle, Verdict.WARN, remedy)


def transactions(subject: Subject) -> Finding:
    """Look for old transactions: they keep every replaced plaintext from being cleaned."""
    oldest = subject.store.one(OLDEST)
    if oldest and oldest[1] > LONG_SECONDS:
        value = f"pid {oldest[0]} for {oldest[1] // 60} min"
        return warn(value, "end that transaction: until then VACUUM cannot clean anything")
    if not sees_others(subject.store):
        return unknown("only this role's own are visible", "GRANT pg_read_all_stats to the role")
    return ok(f"oldest {oldest[1]} s" if oldest else "none")


def prepared(subject: Subject) -> Finding:
    """Look for transactions that were prepared and forgotten."""
    count, age = subject.store.need(PREPARED)
    value = f"{count}, oldest {age // 60} min" if count else "none"
    if age > LONG_SECONDS:
        return warn(value, "COMMIT PREPARED or ROLLBACK PREPARED what pg_prepared_xacts lists")
    return ok(value)


ACTIVITY_CHECKS = (
    Question("server: statement log", "no statement with its parameters", statement_log),
    Question("server: extension logs", "none", plan_log),
    Question("server: archive", "off, or its last attempt succeeded", archive),
    Question("server: slots", "no idle slot", slots),
    Question("server: transactions", "none older than 15 min", transactions),
    Question("server: prepared", "none older than 15 min", prepared),
)
