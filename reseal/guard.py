"""The guard constraint: only envelopes, or no secret, may stand in the column from now on."""

import hashlib
import json
from functools import partial

from psycopg import sql
from psycopg.types.json import Jsonb

from reseal.census import Census
from reseal.conditions import begins, is_empty
from reseal.envelope import PREFIX
from reseal.errors import StoreError
from reseal.path import Path
from reseal.patience import Patience
from reseal.store import reader
from reseal.store.aside import MARK
from reseal.store.catalog import Target
from reseal.store.store import Store, literal

ADD = "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({allowed}) NOT VALID"

VALIDATE = "ALTER TABLE {table} VALIDATE CONSTRAINT {name}"

DROP = "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"

STANDS = "SELECT convalidated FROM pg_constraint WHERE conrelid = %s AND conname = %s"

# Of the events since the guard was last taken off on purpose, whoever raised it.
RAISED = """
SELECT EXISTS (
    SELECT FROM {reseal}.event WHERE action = 'guard' AND detail @> %(raised)s
    AND event_id > coalesce((SELECT max(event_id) FROM {reseal}.event
                             WHERE action = 'guard dropped' AND detail @> %(field)s), 0))
"""

# What a document in text holds is known only once it is parsed, and what cannot be parsed would
# be an error for the application that writes it.
_CHECKABLE = frozenset({"json", "jsonb"})

SEEN = """
SELECT EXISTS (
    SELECT FROM {table} AS t WHERE ({where}) AND jsonb_path_exists({value}::jsonb, {sealed}))
"""


def why_not(store: Store, target: Target, census: Census, *, forced: bool) -> str | None:
    """Return why the guard must not be raised now, or None.

    Raised too early it rejects every later update of an unsealed row, logins included.
    """
    if target.is_document and target.column.type not in _CHECKABLE:
        return "a constraint cannot look into documents that are text or arrays"
    if census.all_sealed and not _sees_envelopes(store, target):
        return "a constraint cannot look into a string that holds JSON"
    if census.unsettled:
        return f"{census.unsettled} rows hold a value that is not sealed"
    if forced:
        return None
    live, plain = reader.count_live(store)
    if not live:
        return "no live application has reported that it writes envelopes"
    return f"{plain} of {live} live applications still write plaintext" if plain else None


def raise_guard(store: Store, target: Target) -> None:
    """Add the constraint without a scan, then validate it without blocking writers."""
    name, allowed = sql.Identifier(guard_name(target)), _allowed(target)
    drop_guard(store, target)
    # The lock is asked for briefly, and again, so that logins never queue behind it.
    add = partial(store.execute, ADD, table=target.table, name=name, allowed=allowed)
    Patience().retry(add)
    try:
        store.execute(VALIDATE, table=target.table, name=name)
    except StoreError:
        # A row came in between that is not sealed; no update of it would pass any more.
        drop_guard(store, target)
        raise


def drop_guard(store: Store, target: Target) -> None:
    """Remove the constraint, if it stands."""
    if stands(store, target):
        name = sql.Identifier(guard_name(target))
        Patience().retry(partial(store.execute, DROP, table=target.table, name=name))


def stands(store: Store, target: Target) -> bool:
    """Say whether the constraint stands, valid or not."""
    return store.one(STANDS, [target.oid, guard_name(target)]) is not None


def holds(store: Store, target: Target) -> bool:
    """Say whether the constraint stands and was found to hold for all rows."""
    return store.one(STANDS, [target.oid, guard_name(target)]) == (True,)


def was_raised(store: Store, target: Target) -> bool:
    """Say whether the audit log has it that the guard was raised, and not that it was dropped."""
    field = {"field": target.field.name}
    values = {"raised": Jsonb({**field, "raised": True}), "field": Jsonb(field)}
    return bool(store.need(RAISED, values)[0])


def guard_name(target: Target) -> str:
    """Return the constraint's name; fields that share a column have one each."""
    mark = hashlib.sha256(target.field.name.encode()).hexdigest()[:8]
    column = target.field.column.encode()[:40].decode(errors="ignore")
    return f"reseal_{column}_sealed_{mark}"


def _sees_envelopes(store: Store, target: Target) -> bool:
    """Say whether the path, as SQL follows it, leads to any of the envelopes."""
    path = target.field.path
    if path is None:
        return True
    sealed = literal(f"{path.strict_jsonpath()} ? (@ starts with {json.dumps(PREFIX)})")
    parts = {"value": target.stored, "sealed": sealed, "where": target.where}
    return bool(store.need(SEEN, (), table=target.table, **parts)[0])


def _allowed(target: Target) -> sql.Composable:
    value = sql.Identifier(target.field.column)
    empty = is_empty(target, value)
    if target.field.path is not None:
        return _only_sealed_leaves(target, target.field.path, value)
    judged = target.column.judge(value)
    sealed = begins(judged, PREFIX)
    if target.field.keeps_aside:
        sealed = sql.SQL("{} ~ {}").format(judged, sql.Literal(MARK))
    return sql.SQL("NOT ({}) OR {} OR {}").format(target.where, empty, sealed)


def _only_sealed_leaves(target: Target, path: Path, value: sql.Composable) -> sql.Composable:
    """Return the condition that every string at the path is an envelope or no secret."""
    allowed = [f"@ starts with {json.dumps(PREFIX)}"]
    allowed += [f"@ == {json.dumps(text)}" for text in sorted(target.field.empty)]
    clear = f'{path.strict_jsonpath()} ? (@.type() == "string" && !({" || ".join(allowed)}))'
    return sql.SQL("NOT ({}) OR {} IS NULL OR NOT jsonb_path_exists({}::jsonb, {})").format(
        target.where, value, value, literal(clear)
    )
