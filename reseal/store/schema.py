"""Reseal's own schema: made once, then brought forward by numbered SQL files."""

from importlib.resources import files

from psycopg import sql

from reseal.store.store import Store

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('reseal schema', 0))"

CREATE = """
CREATE SCHEMA IF NOT EXISTS {reseal};
REVOKE ALL ON SCHEMA {reseal} FROM PUBLIC;
CREATE TABLE IF NOT EXISTS {reseal}.migration (
    name text PRIMARY KEY, applied timestamptz NOT NULL DEFAULT clock_timestamp());
"""

APPLIED = "SELECT name FROM {reseal}.migration"

RECORD = "INSERT INTO {reseal}.migration (name) VALUES (%s)"

EXISTS = "SELECT to_regclass(%s || '.migration') IS NOT NULL"


def exists(store: Store) -> bool:
    """Say whether Reseal's schema stands in this database."""
    name = sql.Identifier(store.schema).as_string(store.connection)
    return bool(store.need(EXISTS, [name])[0])


def migrate(store: Store) -> list[str]:
    """Apply the files that are not yet applied, in one transaction; return their names."""
    with store.transaction():
        # Two runs that begin together must not both create the schema.
        store.execute(LOCK)
        store.execute(CREATE)
        applied = {name for (name,) in store.execute(APPLIED)}
        missing = [name for name in _names() if name not in applied]
        for name in missing:
            store.connection.execute(_read(name).format(reseal=sql.Identifier(store.schema)))
            store.execute(RECORD, [name])
    return missing


def _names() -> list[str]:
    folder = files("reseal.store.migrations")
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))


def _read(name: str) -> sql.SQL:
    return sql.SQL(files("reseal.store.migrations").joinpath(name).read_text())
