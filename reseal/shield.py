"""The shield: who writes back the plaintext that was sealed meanwhile keeps the envelope.

An application that reads a row, and later writes all its columns back, carries the plaintext that
it had read over the envelope that a run has put there since. A trigger on the table knows such a
value by the digest that the backup has of it, and leaves the envelope where it is; the rest of
the row is written as the application wants it. Any other plaintext is a new enrolment and passes.
"""

import hashlib
from functools import partial

from psycopg import sql

from reseal.envelope import PREFIX
from reseal.patience import Patience
from reseal.store.aside import MARK
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.rows import begins, is_empty

# With its owner's rights, as an application may not read the backup, and on a path and settings of
# its own, as what the caller has set must decide neither what is run nor how a key is spelled. It
# is volatile, so that it sees what was committed while the row was waited for.
FUNCTION = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO, YMD'
SET IntervalStyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1
AS {body}
"""

# Only the newest original of a row counts, and none once the application has sealed there itself:
# a former secret that is put back is an enrolment like any other, and must not be swallowed.
BODY = """
DECLARE
    reseal_key text[];
    reseal_written text;
    reseal_run uuid;
    reseal_salt bytea;
    reseal_digest bytea;
BEGIN
    SELECT {key} INTO reseal_key FROM (SELECT OLD.*) AS t;
    SELECT {cell} INTO reseal_written FROM (SELECT NEW.*) AS t;
    FOR reseal_run, reseal_salt IN
        SELECT s.run_id, s.salt FROM {reseal}.backup_set AS s
        WHERE s.field = {field} ORDER BY s.created DESC
    LOOP
        IF {is_sealed} THEN
            UPDATE {reseal}.backup AS b SET digest = NULL
            WHERE b.run_id = reseal_run AND b.field = {field} AND b.row_key = reseal_key;
            CONTINUE;
        END IF;
        SELECT b.digest INTO reseal_digest FROM {reseal}.backup AS b
        WHERE b.run_id = reseal_run AND b.field = {field} AND b.row_key = reseal_key;
        IF FOUND THEN
            IF reseal_digest = sha256(reseal_salt || convert_to(reseal_written, 'UTF8')) THEN
                NEW.{column} := OLD.{column};
            END IF;
            RETURN NEW;
        END IF;
    END LOOP;
    RETURN NEW;
END
"""

CLOSE = "REVOKE ALL ON FUNCTION {function}() FROM PUBLIC"

# A sweep writes no enrolment, and pays for no call.
TRIGGER = """
CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table} FOR EACH ROW
WHEN (current_setting('reseal.sweeping', true) IS DISTINCT FROM 'on'
      AND ({is_sealed} AND {differs} OR {was_sealed} AND NOT {is_sealed} AND NOT {is_empty}))
EXECUTE FUNCTION {function}()
"""

# Of a trigger on a partitioned table the partitions' own are parts, and go with it.
STANDING = """
SELECT n.nspname::text, c.relname::text, t.tgname::text FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE t.tgrelid = ANY (%s::oid[]) AND t.tgparentid = 0 AND starts_with(t.tgname::text, %s)
"""

DROP = "DROP TRIGGER IF EXISTS {name} ON {table}"


def raise_shield(store: Store, target: Target) -> None:
    """Put the trigger on every table that holds rows of the field, unless it stands there."""
    function, body = _function(store, target), sql.Literal(_body(store, target))
    store.execute(FUNCTION, function=function, body=body)
    store.execute(CLOSE, function=function)
    name = shield_name(target)
    standing = _standing(store, target)
    drop_all(store, [one for one in standing if one[2] != name])
    covered = {tuple(one[:2]) for one in standing if one[2] == name}
    for table in _tables(target):
        if table not in covered:
            # The lock waits for writers; it is asked for briefly, and again.
            Patience().retry(partial(_put_on, store, target, sql.Identifier(*table)))


def drop_shield(store: Store, target: Target) -> None:
    """Take the trigger off, wherever it stands."""
    drop_all(store, _standing(store, target))


def stands(store: Store, target: Target) -> bool:
    """Say whether the trigger stands on every table that holds rows of the field."""
    covered = {tuple(one[:2]) for one in _standing(store, target)}
    return covered >= set(_tables(target))


def drop_all(store: Store, triggers: list[tuple[str, str, str]]) -> None:
    """Drop triggers, each named by schema, table and name."""
    for schema, table, name in triggers:
        drop = partial(
            store.execute, DROP, name=sql.Identifier(name), table=sql.Identifier(schema, table)
        )
        Patience().retry(drop)


def shield_name(target: Target) -> str:
    """Return the trigger's name, which another condition of firing would change."""
    condition = _condition(target)
    said = b"".join(condition[part].as_string().encode() for part in sorted(condition))
    return f"{_family(target)}_{hashlib.sha256(said).hexdigest()[:8]}"


def _family(target: Target) -> str:
    """Return how the names of a field's shields begin; fields may share a column."""
    mark = hashlib.sha256(target.field.name.encode()).hexdigest()[:8]
    return f"reseal_shield_{mark}"


def _function(store: Store, target: Target) -> sql.Identifier:
    return sql.Identifier(store.schema, _family(target))


def _body(store: Store, target: Target) -> str:
    body = sql.SQL(BODY).format(
        reseal=sql.Identifier(store.schema),
        key=target.key_texts,
        # Plaintext stands in the column itself, also where envelopes are kept aside.
        cell=target.column.read(target.stored),
        field=sql.Literal(target.field.name),
        is_sealed=_condition(target)["is_sealed"],
        column=sql.Identifier(target.field.column),
    )
    return body.as_string(store.connection)


def _put_on(store: Store, target: Target, table: sql.Identifier) -> None:
    parts = {
        "name": sql.Identifier(shield_name(target)),
        "table": table,
        "column": sql.Identifier(target.field.column),
        "function": _function(store, target),
        **_condition(target),
    }
    store.execute(TRIGGER, (), **parts)


def _condition(target: Target) -> dict[str, sql.Composable]:
    old, new = (sql.Identifier(row, target.field.column) for row in ("old", "new"))
    return {
        "was_sealed": _is_sealed(target, old),
        "is_sealed": _is_sealed(target, new),
        "is_empty": is_empty(target, new),
        "differs": sql.SQL("{} IS DISTINCT FROM {}").format(*map(target.column.judge, (old, new))),
    }


def _is_sealed(target: Target, value: sql.Composable) -> sql.Composable:
    judged = target.column.judge(value)
    if target.is_document:
        # Whether every leaf of it is, only a parser tells; this keeps out what has none.
        sealed: sql.Composable = sql.SQL("(strpos({}, {}) > 0)").format(judged, sql.Literal(PREFIX))
    elif target.field.keeps_aside:
        sealed = sql.SQL("({} ~ {})").format(judged, sql.Literal(MARK))
    else:
        sealed = begins(judged, PREFIX)
    return sql.SQL("coalesce({}, false)").format(sealed)


def _tables(target: Target) -> list[tuple[str, str]]:
    if target.is_partitioned:
        return [(target.field.schema, target.field.table)]
    return [(heap.schema, heap.table) for heap in target.heaps]


def _standing(store: Store, target: Target) -> list[tuple[str, str, str]]:
    rows = store.execute(STANDING, [target.oids, _family(target) + "_"])
    return [(schema, table, name) for schema, table, name in rows]
