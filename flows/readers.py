"""The commands that only read: they need neither Prefect nor a run."""

from contextlib import closing
from pathlib import Path
from typing import Any

from flows.opening import Opening
from reseal.census import take_census
from reseal.config import Config, load_config
from reseal.discover.report import look_through
from reseal.embedded import start_server
from reseal.modes import Mode
from reseal.preflight import PreflightPlan, Report, run_preflight
from reseal.settings import Settings
from reseal.store import approval, catalog, control, ledger, pace, schema
from reseal.store.connection import Connection
from reseal.store.key_inventory import inventory
from reseal.store.store import Store


def discover(config: Path | None) -> dict[str, Any]:
    """Look through the whole database; without a reseal.toml nothing counts as protected."""
    settings = Settings.from_environment(config)
    described = _described(settings, is_named=config is not None)
    url = settings.database_url or start_server(settings.state / "postgres")
    with closing(Connection.open(url, "reseal discover", read_only=True)) as connection:
        if described is None:
            return look_through(Store(connection), ()).as_dict()
        return look_through(Store(connection, described.schema), described.fields).as_dict()


def _described(settings: Settings, *, is_named: bool) -> Config | None:
    is_named = is_named or "RESEAL_CONFIG" in settings.variables
    return load_config(settings.config) if is_named or settings.config.exists() else None


def check(config: Path | None, fields: list[str]) -> Report:
    """Run preflight for the chosen fields."""
    opening = Opening.by(config)
    chosen = opening.config.select(fields)
    plan = PreflightPlan(
        mode=Mode.STANDARD,
        skip_backup=False,
        is_development=opening.settings.is_development,
        embedded=opening.settings.embedded,
        evidence=opening.shelf.where,
    )
    return run_preflight(opening.access, chosen, plan)


def status(config: Path | None) -> dict[str, Any]:
    """Count every field; list the keys, the latest runs and those that wait for an answer."""
    opening = Opening.by(config)
    with opening.connected("status") as store:
        return _status(opening, store)


def _at_work(store: Store) -> list[dict[str, Any]]:
    held = control.held(store)
    paces = pace.told(store, [one.run_id for one in held])
    return [{**one._asdict(), "pace": paces.get(one.run_id)} for one in held]


def _status(opening: Opening, store: Store) -> dict[str, Any]:
    targets = [opening.access.target(store, field.name) for field in opening.config.fields]
    for target in targets:
        catalog.try_reading(store, target)
    has_schema = schema.exists(store)
    return {
        "fields": {target.field.name: take_census(store, target).as_dict() for target in targets},
        "keys": inventory(store) if has_schema else [],
        "runs": ledger.latest(store, 10) if has_schema else [],
        "waiting": approval.waiting(store) if approval.exists(store) else [],
        "at_work": _at_work(store) if has_schema else [],
    }
