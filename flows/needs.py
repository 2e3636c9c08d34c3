"""What a run needs: looked at before Prefect is brought up, as that takes seconds."""

from collections.abc import Iterable
from typing import Any

from flows.opening import Opening
from flows.window import need_open, policy_of
from reseal.access import Access
from reseal.backup.location import Location
from reseal.config import Config
from reseal.errors import ConfigurationError
from reseal.field import Field
from reseal.optimise.columns import columns_of
from reseal.optimise.found import need_columns, need_queries
from reseal.store import catalog, data_key, schema
from reseal.store.store import Store
from reseal.undoable import Undoing, need_undoable, need_way

# Flows that look at the tables themselves, and flows that need something sealed.
_WITH_PREFLIGHT = frozenset({"encrypt_secrets", "rotate_keys"})
_OF_SEALED_ROWS = frozenset({"verify_secrets", "rotate_keys", "clean_residue"})
# Flows that ask what applications ask at login, and one that touches no secret at all.
_OF_LOGINS = frozenset({"encrypt_secrets", "optimise_schema"})
_WITHOUT_BACKUP = frozenset({"optimise_schema"})


def need_all(opening: Opening, flow: str, options: dict[str, Any]) -> None:
    """Raise what is wrong with settings, keys, fields or run id before anything starts.

    What preflight may find wrong with a table is left to it, because it keeps a record.
    """
    config, access = opening.config, opening.access
    fields = config.select(options["fields"])
    need_open(policy_of(config.pace, flow, options))
    access.kek()
    config.run.need(is_embedded=opening.settings.embedded)
    if flow in _WITH_PREFLIGHT:
        need_place(options, config)
    if flow in _OF_LOGINS:
        need_queries(config.fields, config.optimise.queries)
    if not options.get("skip_backup") and flow not in _WITHOUT_BACKUP:
        access.backup_kek()
    with opening.connected("check") as store:
        _need_in_database(access, store, fields, flow, options)
    opening.need_record()


def _need_in_database(
    access: Access, store: Store, fields: tuple[Field, ...], flow: str, options: dict[str, Any]
) -> None:
    _need_keys(access, store, flow)
    if options.get("compromised") is not None:
        data_key.need(data_key.states(store), options["compromised"])
    if flow == "rollback_run":
        fields = _of_run(access, store, options)
    if flow not in _WITH_PREFLIGHT:
        for field in fields:
            catalog.try_reading(store, access.target(store, field.name))
    if flow == "optimise_schema":
        need_login_columns(access, store, fields)


def _need_keys(access: Access, store: Store, flow: str) -> None:
    if data_key.exists(store):
        access.keyring(store)
    elif flow in _OF_SEALED_ROWS:
        data_key.need_any(store)


def _of_run(access: Access, store: Store, options: dict[str, Any]) -> tuple[Field, ...]:
    """Return the fields of a run that can be rolled back."""
    run = need_undoable(
        store,
        options["run_id"],
        access.backup_kek(),
        newer=options["unseal_newer"],
        has_schema=schema.exists(store),
    )
    fields = access.config.select(run.record.fields)
    if run.how is Undoing.RESTORE:
        need_way(store, [access.target(store, field.name) for field in fields])
    return fields


def need_login_columns(access: Access, store: Store, fields: Iterable[Field]) -> None:
    """Raise QueryRefused where a configured query asks a field's table for what it has not."""
    for field in fields:
        target = access.target(store, field.name)
        columns = columns_of(store, target, access.config.secret_columns(field.name))
        need_columns(target, columns, access.config.optimise.queries)


def need_place(options: dict[str, Any], config: Config) -> None:
    """Raise ConfigurationError where the copy of the backup that is wished cannot be written."""
    wished, skipped = options.get("backup_to"), options.get("skip_backup")
    if wished is not None and skipped:
        raise ConfigurationError("--skip-backup and --backup-to exclude each other; choose one")
    where = wished if wished is not None else config.backup.to
    if where is not None and not skipped:
        Location.parse(where).need_writable()
