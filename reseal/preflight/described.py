"""Checks that the catalog can answer a field's description: table, column, type, key."""

from reseal.errors import FieldError
from reseal.field import Field
from reseal.preflight.check import Check, Verdict
from reseal.preflight.question import Finding, Question, ok
from reseal.preflight.subject import FieldSubject
from reseal.store.column import Column

ASPECTS = ("table", "column", "type", "key")

REMEDIES = (
    "correct `table` in reseal.toml: schema.table, its rows all stored in this database",
    "correct `column` in reseal.toml",
    "correct `column`, `format` or `path` in reseal.toml, or change the column's type",
    "add a primary key, or name a unique key without NULLs as key = [...] in reseal.toml",
)


def table(subject: FieldSubject) -> Finding:
    """Name the table that was found."""
    heaps = len(subject.target.heaps)
    stored = f"{subject.target.pages} pages" + (f" in {heaps} tables" if heaps > 1 else "")
    return ok(f"{subject.target.field.qualified_table}, {stored}")


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
    kind = found.type if found.limit is None else f"{found.type}({found.limit})"
    return f"{kind}, by the domain {found.domain}" if found.domain else kind


DESCRIBED_CHECKS = (
    Question("field: table", "an ordinary or partitioned table", table),
    Question("field: column", "exists", column),
    Question("field: type", "one that can hold envelopes", column_type),
    Question("field: key", "a primary key, or a unique one without NULLs", key),
)


def misdescribed(field: Field, error: FieldError) -> list[Check]:
    """Return these checks for a field that has no answer: those that hold, and the one at fault."""
    fault = ASPECTS.index(error.about or ASPECTS[0])
    checks = [
        Check(question.name, "found", question.limit, Verdict.OK, "", field.name)
        for question in DESCRIBED_CHECKS[:fault]
    ]
    at_fault = DESCRIBED_CHECKS[fault]
    verdict, remedy = Verdict.REFUSE, REMEDIES[fault]
    checks.append(Check(at_fault.name, str(error), at_fault.limit, verdict, remedy, field.name))
    return checks
