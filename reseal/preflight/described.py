"""Checks that the catalog can answer a field's description: table, column, type, key."""

from reseal.errors import FieldError
from reseal.field import Field
from reseal.preflight.check import Check, Verdict
from reseal.preflight.question import Finding, Question, ok
from reseal.preflight.subject import FieldSubject
from reseal.store.catalog import TEXT_TYPES, Column
from reseal.store.store import Store

# Which of the steps of `catalog.describe` holds: table, column, type.
STEPS = """
SELECT c.relkind = 'r', a.attname IS NOT NULL, coalesce(t.typname = ANY (%s), false)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = %s
    AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = %s AND c.relname = %s
"""

REMEDIES = (
    "correct `table` in reseal.toml: an ordinary table, written schema.table",
    "correct `column` in reseal.toml",
    "change the column to text, or name the text column that holds the secret",
    "add a primary key, or name a unique key without NULLs as key = [...] in reseal.toml",
)


def table(subject: FieldSubject) -> Finding:
    """Name the table that was found."""
    return ok(f"{subject.target.field.qualified_table}, {subject.target.pages} pages")


def column(subject: FieldSubject) -> Finding:
    """Name the column that was found."""
    return ok(subject.target.column.name)


def column_type(subject: FieldSubject) -> Finding:
    """Name the column's type."""
    return ok(_type(subject.target.column))


def key(subject: FieldSubject) -> Finding:
    """Name the columns that tell rows apart."""
    return ok(", ".join(f"{part.name} {part.type}" for part in subject.target.key))


def _type(found: Column) -> str:
    return found.type if found.limit is None else f"{found.type}({found.limit})"


DESCRIBED_CHECKS = (
    Question("field: table", "an ordinary table", table),
    Question("field: column", "exists", column),
    Question("field: type", "text or varchar", column_type),
    Question("field: key", "a primary key, or a unique one without NULLs", key),
)


def misdescribed(store: Store, field: Field, error: FieldError) -> list[Check]:
    """Return these checks for a field that has no answer: those that hold, and the one at fault."""
    steps = store.one(STEPS, [list(TEXT_TYPES), field.column, field.schema, field.table])
    holding = [*(steps or (False,)), False]
    fault = holding.index(False)
    checks = [
        Check(question.name, "found", question.limit, Verdict.OK, "", field.name)
        for question in DESCRIBED_CHECKS[:fault]
    ]
    at_fault = DESCRIBED_CHECKS[fault]
    verdict, remedy = Verdict.REFUSE, REMEDIES[fault]
    checks.append(Check(at_fault.name, str(error), at_fault.limit, verdict, remedy, field.name))
    return checks
