"""The extensions that a database has, and where their functions are."""

from reseal.store.store import Store

SCHEMA = """
SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = %s
"""


def schema_of(store: Store, name: str) -> str | None:
    """Return the schema that an extension is in, or None where it is not installed."""
    found = store.one(SCHEMA, [name])
    return str(found[0]) if found else None
