"""What is known of a run before anything happens: who, on which server, by which code."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from reseal.errors import StoreError
from reseal.evidence.code import code
from reseal.store import schema
from reseal.store.key_inventory import inventory
from reseal.store.store import Store

SERVER = "SELECT current_setting('server_version'), current_database()"

# The same for as long as the data lives, on whatever machine it does.
SYSTEM = "SELECT system_identifier::text FROM pg_control_system()"


class Begun(NamedTuple):
    """A run that begins."""

    run_id: UUID
    flow: str
    mode: str


def opening(store: Store, run: Begun, operator: str, config: Path) -> dict[str, Any]:
    """Return the document."""
    return {
        "run_id": str(run.run_id),
        "flow": run.flow,
        "mode": run.mode,
        "started": datetime.now(UTC).isoformat(),
        "operator": operator,
        "code": code(),
        "configuration": {"sha256": _digest(config)},
        "server": server(store),
        "keys": _keys(store),
    }


def server(store: Store) -> dict[str, str | None]:
    """Return which database this is, and which server it is in; None where it may not be asked."""
    version, database = store.need(SERVER)
    try:
        (system,) = store.need(SYSTEM)
    except StoreError:
        system = None
    return {"version": version, "database": database, "system": system}


def _digest(config: Path) -> str | None:
    try:
        return hashlib.sha256(config.read_bytes()).hexdigest()
    except OSError:
        return None


def _keys(store: Store) -> list[dict[str, Any]] | None:
    try:
        return inventory(store) if schema.exists(store) else []
    except StoreError:
        # Tables of an older version of Reseal, which this run is about to bring up to date.
        return None
