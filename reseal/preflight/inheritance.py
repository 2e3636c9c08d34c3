"""The check of a table's partitions, heirs and parents: whose rows are met, and by which key."""

from psycopg import sql

from reseal.preflight.question import Finding, Question, ok, refuse, warn
from reseal.preflight.subject import FieldSubject

PARENTS = """
SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = %(oid)s ORDER BY 1
"""

# A primary key holds within one table; nothing keeps it from coming again in an heir, where it may
# even be NULL.
REPEATED = """
SELECT count(*) FROM (
    SELECT 1 FROM {table} AS t WHERE {where} GROUP BY {key}
    HAVING count(*) > 1 OR num_nulls({key}) > 0) AS repeated
"""


def inheritance(subject: FieldSubject) -> Finding:
    """Look whether a row's key is its own among all tables that store rows."""
    target = subject.target
    if target.is_partitioned:
        return ok(f"{len(target.heaps)} partitions")
    parents = ", ".join(name for (name,) in subject.store.execute(PARENTS, subject.at))
    value = f"{len(target.heaps) - 1} tables inherit from it" if target.has_heirs else ""
    if target.has_heirs and (repeated := _repeated(subject)):
        remedy = (
            "give each of these rows a key of its own, or name another as key = [...] in "
            "reseal.toml: an envelope is bound to its row's key"
        )
        return refuse(f"{repeated} keys are not of one row alone, {value}", remedy)
    if parents:
        value = f"it inherits from {parents}" + (f", {value}" if value else "")
        return warn(value, "know that the parent shows these rows too, and now their envelopes")
    if target.has_heirs:
        remedy = "know that nothing keeps a key from coming again in an heir; the rows here differ"
        return warn(value, remedy)
    return ok("neither parent nor child")


def _repeated(subject: FieldSubject) -> int:
    target = subject.target
    key = sql.SQL(", ").join(sql.Identifier("t", column.name) for column in target.key)
    parts = {"table": target.table, "where": target.where, "key": key}
    return int(subject.store.need(REPEATED, (), **parts)[0])


INHERITANCE_CHECKS = (Question("table: inheritance", "every key of one row alone", inheritance),)
