"""docs/checks.md: every check of preflight, with its limit and what it looks at."""

import inspect
from collections.abc import Iterable

from reseal.preflight import FIELD_CHECKS, RUN_CHECKS
from reseal.preflight.question import Question

_HEAD = """# Checks

Made from the code by `make pages`; a test compares them.

`reseal check`, and every run before its first write, asks {count} checks in a READ ONLY
transaction. Each says its value, its limit, a verdict and, where that is not `ok`, a remedy for
what it has found: read that first.

| verdict | meaning |
| --- | --- |
| `ok` | within the limit |
| `warn` | a run may begin; the remedy says what to know or to mend |
| `unknown` | it could not look, mostly for want of a right; a run may begin |
| `refuse` | nothing is written: exit code 3. `--skip-refused` goes on with the fields that passed |

A verdict `refuse` that concerns no field, but the server or the keys, stops every run.
"""


def count() -> int:
    """Return how many checks there are."""
    return len({question.name for question in (*RUN_CHECKS, *FIELD_CHECKS)})


def page() -> str:
    """Return the whole page."""
    parts = [
        _HEAD.format(count=count()),
        f"## Of the run\n\n{_table(RUN_CHECKS)}",
        f"## Of each field\n\n{_table(FIELD_CHECKS)}",
    ]
    return "\n".join(parts)


def _table(questions: Iterable[Question]) -> str:
    rows = (f"| `{one.name}` | {one.limit} | {_looks_at(one)} |\n" for one in questions)
    return f"| check | limit | what it looks at |\n| --- | --- | --- |\n{''.join(rows)}"


def _looks_at(question: Question) -> str:
    said = (inspect.getdoc(question.look) or "").partition("\n")[0].rstrip(".")
    return said.replace("|", "\\|")
