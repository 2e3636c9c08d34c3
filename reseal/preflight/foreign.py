"""The check of values that other libraries wrote: which ones, and what to do about each."""

from collections import Counter

from psycopg import sql

from reseal.conditions import begins, is_empty, is_foreign, matches
from reseal.envelope import PREFIX
from reseal.foreign import MARK, MARKED, UNMARKED, Foreign, Nature, kind_of
from reseal.preflight.leaves import leaf_texts
from reseal.preflight.question import Finding, ok, warn
from reseal.preflight.subject import FieldSubject
from reseal.shape import Shape

# Two statements, because the server keeps no more than 32 compiled patterns and would compile
# every one again for every row.
KINDS_MARKED = """
SELECT CASE {cases} END, count(*) FROM {table} AS t
WHERE ({where}) AND NOT {empty} AND NOT {sealed} AND {marked} GROUP BY 1
"""

KINDS_UNMARKED = """
SELECT CASE {cases} END, count(*) FROM {table} AS t
WHERE ({where}) AND NOT {empty} AND NOT {sealed} AND NOT {marked} AND {foreign} GROUP BY 1
"""

REMEDIES = {
    Nature.ENCRYPTED: "decrypt these with the application that wrote them",
    Nature.SIGNED: "know that everyone can read what is only signed; let the application that"
    " signed these write the bare secret",
    Nature.PICKLED: "let the application that pickled these write the bare secret",
    Nature.HASHED: "compare the column in reseal.toml: no secret can be got back from a hash",
    Nature.DAMAGED: "mend the damaged envelopes from a backup, or let their users enrol anew",
}


def foreign(subject: FieldSubject) -> Finding:
    """Look for values that another library wrote, and name it."""
    if not subject.census.foreign:
        return ok("0 rows")
    counts = _counts(subject)
    labels: Counter[str] = Counter()
    for kind, rows in counts.items():
        labels[kind.label] += rows
    natures = {kind.nature for kind in counts}
    remedy = "; ".join(text for nature, text in REMEDIES.items() if nature in natures)
    value = ", ".join(f"{label} ({rows} rows)" for label, rows in labels.most_common())
    return warn(value, f"{remedy}; they will be quarantined")


def _counts(subject: FieldSubject) -> dict[Foreign, int]:
    target = subject.target
    if target.is_document:
        kinds = map(kind_of, leaf_texts(subject, Shape.FOREIGN))
        return Counter(kind for kind in kinds if kind is not None)
    parts: dict[str, sql.Composable] = {
        "table": target.table,
        "where": target.where,
        "empty": is_empty(target),
        "sealed": begins(target.secret, PREFIX),
        "marked": matches(target.secret, MARK),
    }
    marked = subject.store.execute(
        KINDS_MARKED, (), cases=_cases(target.secret, MARKED), **parts
    ).fetchall()
    unmarked = subject.store.execute(
        KINDS_UNMARKED,
        (),
        cases=_cases(target.secret, UNMARKED),
        foreign=is_foreign(target.secret),
        **parts,
    ).fetchall()
    return {MARKED[n]: rows for n, rows in marked} | {UNMARKED[n]: rows for n, rows in unmarked}


def _cases(value: sql.Composable, kinds: tuple[Foreign, ...]) -> sql.Composable:
    return sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(matches(value, kind.pattern), sql.Literal(number))
        for number, kind in enumerate(kinds)
    )
