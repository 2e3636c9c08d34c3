"""The shield: what was sealed does not come back when an application saves what it had read before.

Whole-row saves write every column, so that the secret goes back in plaintext though the user
changed nothing. Where it is, to the letter, the newest original of its row and no application has
sealed that row since, the trigger keeps the envelope and lets the rest of the row through.
Anything else is a new enrolment, which passes and is sealed by the next pass.

An original counts only while the shield has stood since its backup was taken: what was enrolled in
between nobody has noted.
"""

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from typing import NamedTuple

from psycopg import sql

from reseal.patience import Patience
from reseal.shield_source import ANY_FAMILY, FUNCTION, TRIGGERS, Source, family, family_of
from reseal.store.catalog import Target
from reseal.store.store import Store

CLOSE = "REVOKE ALL ON FUNCTION {function}() FROM PUBLIC"

# Of a trigger on a partitioned table the partitions' own are parts, and go with it.
STANDING = """
SELECT n.nspname::text, c.relname::text, t.tgname::text, t.tgenabled IN ('O', 'A')
FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE t.tgrelid = ANY (%s::oid[]) AND t.tgparentid = 0 AND starts_with(t.tgname::text, %s)
ORDER BY 1, 2, 3
"""

# The families of which a trigger names the column in its condition, another field's among them.
HANGING = """
SELECT DISTINCT t.tgname::text FROM pg_trigger AS t
JOIN pg_attribute AS a ON a.attrelid = t.tgrelid AND a.attname = %s
JOIN pg_depend AS d ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
    AND d.refobjid = t.tgrelid AND d.refobjsubid = a.attnum
WHERE t.tgrelid = ANY (%s::oid[]) AND starts_with(t.tgname::text, %s)
"""

# First, and in one statement: a write that finds no mark of an application finds no original.
FORGET = """
WITH forgotten AS (
    DELETE FROM {reseal}.application_seal
    WHERE 'reseal_shield_' || left(encode(sha256(convert_to(field, 'UTF8')), 'hex'), 8) = ANY (%s))
UPDATE {reseal}.backup_set SET shielded = false
WHERE shielded
  AND 'reseal_shield_' || left(encode(sha256(convert_to(field, 'UTF8')), 'hex'), 8) = ANY (%s)
"""

DROP = "DROP TRIGGER IF EXISTS {name} ON {table}"


class Standing(NamedTuple):
    """A trigger that stands."""

    schema: str
    table: str
    name: str
    is_enabled: bool


def raise_shield(store: Store, target: Target) -> None:
    """Put the triggers on every table that holds rows of the field, unless they stand there."""
    source = Source.of(store, target)
    due = {
        Standing(*table, name, is_enabled=True)
        for table in _tables(target)
        for name in source.names.values()
    }
    if set(_standing(store, target)) == due:
        return
    drop_shield(store, target)
    store.execute(FUNCTION, function=source.function, body=sql.Literal(source.body))
    store.execute(CLOSE, function=source.function)
    for table in _tables(target):
        # The lock waits for writers; it is asked for briefly, and again.
        Patience().retry(partial(_put_on, store, source, sql.Identifier(*table)))


def drop_shield(store: Store, target: Target) -> None:
    """Take the triggers off, wherever they stand."""
    _take_off(store, {family(target.field.name)}, _standing(store, target))


def drop_from_column(store: Store, target: Target) -> None:
    """Take off whatever shield, of any field, keeps the column's type from being altered."""
    _take_off_all(store, target, _hanging(store, target))


def drop_forgotten(store: Store, target: Target, fields: Iterable[str]) -> int:
    """Take off shields on the column of fields that are none of these any more; return how many.

    A field that goes by another name now is swept without them.
    """
    known = {family(name) for name in fields}
    forgotten = _hanging(store, target) - known
    _take_off_all(store, target, forgotten)
    return len(forgotten)


def stands(store: Store, target: Target) -> bool:
    """Say whether the triggers stand on every table that holds rows of the field."""
    covered = {(one.schema, one.table) for one in _standing(store, target)}
    return covered >= set(_tables(target))


def _take_off_all(store: Store, target: Target, families: set[str]) -> None:
    standing = _on_tables(store, target, ANY_FAMILY)
    _take_off(store, families, [one for one in standing if family_of(one.name) in families])


def _take_off(store: Store, families: set[str], triggers: list[Standing]) -> None:
    """Drop triggers, after what was taken while they stood ceases to count."""
    if families:
        Patience().retry(partial(store.execute, FORGET, [sorted(families)] * 2))
    for table, standing in groupby(triggers, key=lambda one: (one.schema, one.table)):
        names = [sql.Identifier(one.name) for one in standing]
        Patience().retry(partial(_drop, store, sql.Identifier(*table), names))


def _drop(store: Store, table: sql.Identifier, names: list[sql.Identifier]) -> None:
    # All or none, here too: what keeps must not be left without what it is told by.
    with store.transaction():
        for name in names:
            store.execute(DROP, name=name, table=table)


def _put_on(store: Store, source: Source, table: sql.Identifier) -> None:
    # All or none: a shield that does not see all that an application seals must keep nothing.
    with store.transaction():
        for what in TRIGGERS:
            store.run(source.trigger(what, table))


def _tables(target: Target) -> list[tuple[str, str]]:
    if target.is_partitioned:
        return [(target.field.schema, target.field.table)]
    return [(heap.schema, heap.table) for heap in target.heaps]


def _standing(store: Store, target: Target) -> list[Standing]:
    return _on_tables(store, target, family(target.field.name) + "_")


def _on_tables(store: Store, target: Target, begins: str) -> list[Standing]:
    return [Standing(*row) for row in store.execute(STANDING, [target.oids, begins])]


def _hanging(store: Store, target: Target) -> set[str]:
    parameters = [target.field.column, target.oids, ANY_FAMILY]
    return {family_of(name) for (name,) in store.execute(HANGING, parameters)}
