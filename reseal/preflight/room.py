"""The check of a column's room: does an envelope fit, or can the limit be taken away."""

from reseal import envelope
from reseal.preflight.question import Finding, Question, ok, refuse, warn
from reseal.preflight.subject import FieldSubject
from reseal.store.aside import MARK_CHARACTERS
from reseal.store.column import Column

# What keeps the column's type from being altered, on the table and on all that inherits it. A
# column's own default does not, and Reseal's own triggers are taken off for it.
BLOCKERS = """
SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)
FROM pg_attribute a
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
    AND d.refobjsubid = a.attnum
LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
LEFT JOIN pg_attribute g ON g.attrelid = d.refobjid AND g.attnum = coalesce(f.adnum, d.objsubid)
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attname = %(column)s
  AND (d.classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass,
                     'pg_publication_rel'::regclass, 'pg_proc'::regclass)
       OR d.classid IN ('pg_attrdef'::regclass, 'pg_class'::regclass)
          AND g.attnum <> a.attnum AND g.attgenerated <> '')
  AND NOT (d.classid = 'pg_trigger'::regclass AND EXISTS (
      SELECT FROM pg_trigger AS t
      WHERE t.oid = d.objid AND starts_with(t.tgname::text, 'reseal_shield_'))) ORDER BY 1
"""

# Parents that are not altered along with the table, the table's own or those of an heir.
PARENTS = """
SELECT DISTINCT i.inhparent::regclass::text FROM pg_inherits i
JOIN pg_attribute a ON a.attrelid = i.inhparent AND a.attname = %(column)s
WHERE i.inhrelid = ANY (%(oids)s::oid[]) AND i.inhparent <> ALL (%(oids)s::oid[]) ORDER BY 1
"""

WHAT_IT_DOES = "let the prepare stage take the limit away, which rewrites nothing"


def room(subject: FieldSubject) -> Finding:
    """Look whether the longest envelope fits, or else whether the column can be widened."""
    column = subject.target.column
    if subject.target.field.keeps_aside:
        return _room_for_a_mark(column)
    if column.limit is None:
        return ok("no limit")
    value, fits = _measured(subject, column.limit)
    if fits:
        return ok(value)
    if column.domain:
        remedy = (
            f"give the column a type without a limit, or the domain {column.domain} another one: "
            "ALTER TABLE ... ALTER COLUMN ... TYPE text rewrites nothing"
        )
        return refuse(f"{value}, by the domain {column.domain}", remedy)
    if fault := _not_widened(subject):
        return refuse(f"{value}, cannot be widened", fault)
    if column.type == "bpchar":
        return warn(value, f"{WHAT_IT_DOES}; know that new values are then no longer padded")
    return warn(value, WHAT_IT_DOES)


def _measured(subject: FieldSubject, limit: int) -> tuple[str, bool]:
    """Return the room there is and is needed in words, and whether it will do."""
    if subject.target.is_document:
        return f"{limit} characters, a document grows with each of its secrets", False
    needed = envelope.longest(subject.contents.longest)
    value = f"{limit} characters, {needed} needed"
    if subject.target.column.type == "bpchar":
        # An envelope that is padded is none.
        return f"{value}, and char({limit}) pads what is shorter", False
    return value, needed <= limit


def _room_for_a_mark(column: Column) -> Finding:
    mark = f"a mark of {MARK_CHARACTERS} characters"
    if column.limit is None:
        return ok(f"no limit, {mark}")
    value = f"{column.limit} characters, {mark}"
    if column.limit >= MARK_CHARACTERS:
        return ok(value)
    by = f", by the domain {column.domain}" if column.domain else ""
    remedy = 'leave store = "side" out, so that the prepare stage widens the column for envelopes'
    return refuse(value + by, remedy)


def _not_widened(subject: FieldSubject) -> str | None:
    """Return what to do where the column's type cannot be altered, or None."""
    parents = ", ".join(name for (name,) in subject.store.execute(PARENTS, subject.at))
    aside = _or_aside(subject)
    if parents:
        return f"widen the column where it comes from: {parents}{aside}"
    blockers = ", ".join(name for (name,) in subject.store.execute(BLOCKERS, subject.at))
    if blockers:
        wide = subject.target.column.codec.wide or "text"
        return f"drop and make anew around ALTER COLUMN ... TYPE {wide}: {blockers}{aside}"
    return None


def _or_aside(subject: FieldSubject) -> str:
    limit = subject.target.column.limit or 0
    if subject.target.is_document or limit < MARK_CHARACTERS:
        return ""
    return '; or set store = "side" in reseal.toml, which leaves the column as it is'


ROOM_CHECKS = (Question("column: room", "the longest envelope", room),)
