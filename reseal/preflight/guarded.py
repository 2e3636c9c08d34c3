"""The check of `where`: whether the guard can put it into a constraint."""

import re

from reseal.preflight.question import Finding, Question, ok, warn
from reseal.preflight.subject import FieldSubject

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_SUBQUERY = re.compile(r"\(\s*(?:select|with|values|table)\b", re.IGNORECASE)
_SYSTEM_COLUMN = re.compile(r"\b(?:ctid|xmin|xmax|cmin|cmax)\b", re.IGNORECASE)
_ALIAS = re.compile(r"(?<![\w.])t\s*\.", re.IGNORECASE)

_UNFIT = {
    _SUBQUERY: "a subquery",
    _SYSTEM_COLUMN: "a system column",
    _ALIAS: "columns written t.NAME",
}


def where(subject: FieldSubject) -> Finding:
    """Look whether `where` is a condition on a row's own columns, as a constraint must be."""
    condition = subject.target.field.where
    if condition is None:
        return ok("every row")
    bare = _QUOTED.sub(" '' ", condition)
    found = [what for pattern, what in _UNFIT.items() if pattern.search(bare)]
    if found:
        remedy = (
            "know that the guard constraint cannot be raised with it; write `where` in "
            "reseal.toml as a condition on the row's own columns"
        )
        return warn(f"it has {' and '.join(found)}", remedy)
    return ok("a condition on the row alone")


GUARD_CHECKS = (Question("guard: where", "a condition on the row alone", where),)
