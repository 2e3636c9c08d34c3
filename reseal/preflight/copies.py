"""The check of what stays readable beside a field once it is sealed."""

from reseal.copies import Registered, copies_of
from reseal.preflight.question import Finding, Question, ok, warn
from reseal.preflight.subject import FieldSubject

REMEDY = (
    "register them as fields of their own in reseal.toml, or clear them before or after the run"
)


def copies(subject: FieldSubject) -> Finding:
    """Look for columns, leaves and tables that hold what the field holds."""
    registered = Registered(subject.access.config.fields)
    search = copies_of(subject.store, subject.target, registered)
    if not search.copies:
        return ok(f"none found in {search.sampled} sampled rows")
    table = subject.target.field.qualified_table
    named = [f"{copy.seen_from(table)} ({copy.what})" for copy in search.copies]
    return warn(", ".join(named), REMEDY)


COPIES_CHECKS = (Question("content: copies", "none", copies),)
