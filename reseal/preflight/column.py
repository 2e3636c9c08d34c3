"""Checks of what depends on a field's column: room, constraints, indexes, views."""

from reseal.guard import guard_name
from reseal.preflight.accepts import rejected
from reseal.preflight.check import Verdict
from reseal.preflight.growth import needed_characters
from reseal.preflight.question import Finding, Question, none_of, ok, refuse, warn
from reseal.preflight.subject import FieldSubject

# What keeps the column's type from being altered. A column's own default does not.
BLOCKERS = """
SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend d
LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
LEFT JOIN pg_attribute g ON g.attrelid = d.refobjid AND g.attnum = coalesce(f.adnum, d.objsubid)
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = %(oid)s AND d.refobjsubid = %(attnum)s
  AND (d.classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass,
                     'pg_publication_rel'::regclass, 'pg_proc'::regclass)
       OR d.classid IN ('pg_attrdef'::regclass, 'pg_class'::regclass)
          AND g.attnum <> %(attnum)s AND g.attgenerated <> '') ORDER BY 1
"""

# The expression depends on what it reads: up to version 14 by the column, later by its default.
GENERATED = """
SELECT DISTINCT a.attname::text FROM pg_attribute a
LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
LEFT JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
    AND d.refobjsubid = %(attnum)s
    AND (d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
         OR d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND d.objsubid = a.attnum)
WHERE a.attrelid = %(oid)s AND NOT a.attisdropped AND a.attgenerated <> ''
  AND (d.objid IS NOT NULL OR a.attnum = %(attnum)s) ORDER BY 1
"""

VIEWS = """
SELECT DISTINCT pg_describe_object('pg_class'::regclass, r.ev_class, 0)
FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> %(oid)s
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.refobjid = %(oid)s AND d.refobjsubid IN (0, %(attnum)s) ORDER BY 1
"""

CONSTRAINTS = """
SELECT conname::text FROM pg_constraint
WHERE contype = %(kind)s
  AND (conrelid = %(oid)s AND %(attnum)s = ANY (conkey)
       OR confrelid = %(oid)s AND %(attnum)s = ANY (confkey)) ORDER BY conname
"""

# `is_unique` counts only where the secret itself is among the columns that must differ.
INDEXES = """
SELECT c.relname::text, i.indisunique AND (
    %(attnum)s = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
    OR position(quote_ident(%(column)s) IN coalesce(pg_get_expr(i.indexprs, i.indrelid), '')) > 0
) AS is_unique
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = %(oid)s AND (%(attnum)s = ANY (i.indkey) OR EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
    AND d.refobjid = i.indrelid AND d.refobjsubid = %(attnum)s)) ORDER BY c.relname
"""


def room(subject: FieldSubject) -> Finding:
    """Look whether the longest envelope fits, or else whether the column can be widened."""
    limit = subject.target.column.limit
    if limit is None:
        return ok("no limit")
    needed = needed_characters(subject.contents.longest)
    value = f"{limit} characters, {needed} needed"
    if needed <= limit:
        return ok(value)
    blockers = ", ".join(name for (name,) in subject.store.execute(BLOCKERS, subject.at))
    if blockers:
        remedy = f"drop and make anew around ALTER COLUMN ... TYPE text: {blockers}"
        return refuse(f"{value}, cannot be widened", remedy)
    return warn(value, "let the prepare stage change the column to text; that rewrites nothing")


def checks(subject: FieldSubject) -> Finding:
    """Look for CHECK constraints that would reject envelopes; each is tried, nothing written."""
    tried = {name: rejected(subject, name) for name in _constraints(subject, "c")}
    bad = [f"{name} ({reason})" for name, reason in tried.items() if reason]
    if bad:
        return refuse(", ".join(bad), "drop the constraint; `guard` puts one for envelopes there")
    return ok(", ".join(f"{name} accepts envelopes" for name in tried) or "none")


def foreign_keys(subject: FieldSubject) -> Finding:
    """Look for foreign keys from or to the column."""
    remedy = "drop the foreign key: equal secrets do not give equal envelopes"
    return none_of(_constraints(subject, "f"), Verdict.REFUSE, remedy)


def unique(subject: FieldSubject) -> Finding:
    """Look for uniqueness of the secret, which means nothing for ciphertext."""
    names = [name for name, is_unique in _indexes(subject) if is_unique]
    remedy = "drop it: two envelopes always differ, so it would no longer find equal secrets"
    return none_of(names + _constraints(subject, "x"), Verdict.REFUSE, remedy)


def indexes(subject: FieldSubject) -> Finding:
    """Look for other indexes over the secret."""
    names = [name for name, is_unique in _indexes(subject) if not is_unique]
    remedy = "know that looking a row up by its secret ends; the prepare stage drops plain indexes"
    return none_of(names, Verdict.WARN, remedy)


def generated(subject: FieldSubject) -> Finding:
    """Look for generated columns that are made of the secret, or a secret that is generated."""
    names = [name for (name,) in subject.store.execute(GENERATED, subject.at)]
    return none_of(names, Verdict.REFUSE, "drop the generated column: it would show ciphertext")


def views(subject: FieldSubject) -> Finding:
    """Look for views that show the column."""
    names = [name for (name,) in subject.store.execute(VIEWS, subject.at)]
    remedy = "make their readers open envelopes; refresh materialized views, they keep copies"
    return none_of(names, Verdict.WARN, remedy)


def _constraints(subject: FieldSubject, kind: str) -> list[str]:
    found = subject.store.execute(CONSTRAINTS, {**subject.at, "kind": kind})
    return [name for (name,) in found if name != guard_name(subject.target)]


def _indexes(subject: FieldSubject) -> list[tuple[str, bool]]:
    parameters = {**subject.at, "column": subject.target.field.column}
    return [(name, is_unique) for name, is_unique in subject.store.execute(INDEXES, parameters)]


COLUMN_CHECKS = (
    Question("column: room", "the longest envelope", room),
    Question("column: checks", "none that rejects envelopes", checks),
    Question("column: unique", "not unique", unique),
    Question("column: indexes", "none", indexes),
    Question("column: foreign keys", "none", foreign_keys),
    Question("column: generated", "none", generated),
    Question("column: views", "none", views),
)
