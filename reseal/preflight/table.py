"""Checks of what else happens on a field's table: triggers, rules, heirs, copies, bloat."""

import re

from reseal.preflight.check import Verdict
from reseal.preflight.growth import growth, readable
from reseal.preflight.question import Finding, Question, none_of, ok, warn
from reseal.preflight.subject import FieldSubject

MOST_DEAD_SHARE = 0.2
# Below this, autovacuum has not been called yet and the share says nothing.
FEW_DEAD = 1000

# Those that fire when a sweep writes the column; Reseal's own are named after it.
TRIGGERS = """
SELECT t.tgname::text, p.prosrc ~* %(copies)s
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgrelid = %(oid)s AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 16 <> 0
  AND (coalesce(array_length(t.tgattr, 1), 0) = 0 OR %(attnum)s = ANY (t.tgattr))
  AND NOT starts_with(t.tgname::text, 'reseal') ORDER BY t.tgname
"""

RULES = "SELECT rulename::text FROM pg_rewrite WHERE ev_class = %(oid)s ORDER BY rulename"

RELATIVES = """
SELECT CASE inhparent WHEN %(oid)s THEN inhrelid ELSE inhparent END::regclass::text
FROM pg_inherits WHERE %(oid)s IN (inhparent, inhrelid) ORDER BY 1
"""

PUBLICATIONS = """
SELECT pubname::text FROM pg_publication_tables
WHERE schemaname = %s AND tablename = %s ORDER BY pubname
"""

DEAD = """
SELECT coalesce(s.n_dead_tup, 0), coalesce(s.n_live_tup, 0), coalesce((
    SELECT option_value FROM pg_options_to_table(c.reloptions)
    WHERE option_name = 'fillfactor'), '100')
FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid WHERE c.oid = %(oid)s
"""


def triggers(subject: FieldSubject) -> Finding:
    """Look for the application's triggers that a sweep sets off."""
    column = re.escape(subject.target.field.column)
    copies = rf"\mold\.(\*|\"?{column}\M)|\(\s*old(\.\*)?\s*[,)]"
    found = subject.store.execute(TRIGGERS, {**subject.at, "copies": copies}).fetchall()
    names = [f"{name} (reads the old value)" if copying else name for name, copying in found]
    if any(copying for _, copying in found):
        remedy = "if a trigger copies the old row elsewhere, disable it for the run and clean there"
        return warn(", ".join(names), remedy)
    return none_of(names, Verdict.WARN, "know that these fire on every row that is sealed")


def rules(subject: FieldSubject) -> Finding:
    """Look for rules, which rewrite an UPDATE into something else."""
    names = [name for (name,) in subject.store.execute(RULES, subject.at)]
    return none_of(names, Verdict.REFUSE, "DROP RULE: a rule can divert what the sweep writes")


def relatives(subject: FieldSubject) -> Finding:
    """Look for parents and children: their rows would be read but not written, or not seen."""
    names = [name for (name,) in subject.store.execute(RELATIVES, subject.at)]
    return none_of(names, Verdict.REFUSE, "detach the table, or seal its parent and children apart")


def publications(subject: FieldSubject) -> Finding:
    """Look for publications that carry the table to subscribers."""
    field = subject.target.field
    found = subject.store.execute(PUBLICATIONS, [field.schema, field.table])
    remedy = "make the subscribers' column text and their readers open envelopes; they keep copies"
    return none_of([name for (name,) in found], Verdict.WARN, remedy)


def dead_rows(subject: FieldSubject) -> Finding:
    """Look at the share of dead rows; the run adds one for each row that it seals."""
    dead, live, fillfactor = subject.store.need(DEAD, subject.at)
    share = dead / max(dead + live, 1)
    value = f"{share:.0%} dead, fillfactor {fillfactor}"
    if dead > FEW_DEAD and share > MOST_DEAD_SHARE:
        return warn(value, "VACUUM the table first, so that the run reuses the room")
    return ok(value)


def expected_growth(subject: FieldSubject) -> Finding:
    """Say what the run is expected to write; the disk check judges it."""
    added = growth(subject)
    return ok(
        f"table +{readable(added.table)}, log +{readable(added.log)}, "
        f"backup +{readable(added.backup)}"
    )


TABLE_CHECKS = (
    Question("table: triggers", "none that fire on the column", triggers),
    Question("table: rules", "none", rules),
    Question("table: inheritance", "neither parent nor child", relatives),
    Question("table: publications", "none", publications),
    Question("table: dead rows", f"{MOST_DEAD_SHARE:.0%}", dead_rows),
    Question("table: growth", "judged by the disk check", expected_growth),
)
