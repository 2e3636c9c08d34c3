"""Reseal's own schema: made once, then brought forward by numbered SQL files."""

import re
from importlib.resources import files

from psycopg import sql

from reseal.errors import ConfigurationError
from reseal.store.store import Store

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('reseal schema', 0))"

CREATE = """
CREATE SCHEMA IF NOT EXISTS {reseal};
REVOKE ALL ON SCHEMA {reseal} FROM PUBLIC;
CREATE TABLE IF NOT EXISTS {reseal}.migration (
    name text PRIMARY KEY, applied timestamptz NOT NULL DEFAULT clock_timestamp());
"""

APPLIED = "SELECT name FROM {reseal}.migration"

# In the files.
MAKES = re.compile(r"^CREATE TABLE \{reseal\}\.(\w+)", re.MULTILINE)
DROPS = re.compile(r"^DROP TABLE \{reseal\}\.(\w+)", re.MULTILINE)

RECORD = "INSERT INTO {reseal}.migration (name) VALUES (%s)"

# What a vault, the user model and a pool need, and no more: no backup, no audit log, no run.
GRANTS = """
GRANT USAGE ON SCHEMA {reseal} TO {role};
GRANT SELECT (version, state, wrapped, check_value) ON {reseal}.data_key TO {role};
GRANT SELECT (key_version, seals) ON {reseal}.batch TO {role};
GRANT SELECT, INSERT ON {reseal}.aside TO {role};
GRANT INSERT ON {reseal}.sample TO {role};
GRANT SELECT, INSERT, UPDATE ON {reseal}.key_use TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {reseal}.reader, {reseal}.totp_use TO {role};
"""

IS_ROLE = "SELECT count(*) FROM pg_roles WHERE rolname = %s"

HAS_TABLE = "SELECT to_regclass(format('%%I.%%I', %s::text, %s::text)) IS NOT NULL"

MISSING = """
SELECT name FROM unnest(%s::text[]) AS name
WHERE to_regclass(format('%%I.%%I', %s::text, name)) IS NULL ORDER BY name COLLATE "C"
"""


def exists(store: Store) -> bool:
    """Say whether Reseal's schema stands in this database."""
    return has_table(store, "migration")


def has_table(store: Store, name: str) -> bool:
    """Say whether Reseal's schema has a table; one of an older version has not all of them."""
    return bool(store.need(HAS_TABLE, [store.schema, name])[0])


def missing_tables(store: Store) -> list[str]:
    """Return the tables that the files which were applied have made, and that are gone."""
    made: set[str] = set()
    for (name,) in store.execute(APPLIED + " ORDER BY name"):
        text = _text(name)
        made = made.difference(DROPS.findall(text)).union(MAKES.findall(text))
    return [name for (name,) in store.execute(MISSING, [list(made), store.schema])]


def migrate(store: Store, application: str | None = None) -> list[str]:
    """Apply the files that are not yet applied, in one transaction; return their names.

    `application` is the role that is granted what an application needs, before there is a key.
    """
    with store.transaction():
        # Two runs that begin together must not both create the schema.
        store.execute(LOCK)
        store.execute(CREATE)
        applied = {name for (name,) in store.execute(APPLIED)}
        missing = [name for name in _names() if name not in applied]
        for name in missing:
            store.connection.execute(
                sql.SQL(_text(name)).format(reseal=sql.Identifier(store.schema))
            )
            store.execute(RECORD, [name])
        if application is not None:
            _grant(store, application)
    return missing


def _grant(store: Store, role: str) -> None:
    if not is_role(store, role):
        raise ConfigurationError(
            f"there is no database role {role!r}; correct `application` in [reseal] of reseal.toml"
        )
    store.execute(GRANTS, role=sql.Identifier(role))


def is_role(store: Store, role: str) -> bool:
    """Say whether there is a database role of this name."""
    return bool(store.need(IS_ROLE, [role])[0])


def _names() -> list[str]:
    folder = files("reseal.store.migrations")
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))


def _text(name: str) -> str:
    return files("reseal.store.migrations").joinpath(name).read_text()
