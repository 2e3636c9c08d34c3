"""What leads to the database: settings, configuration, access. Needs no Prefect."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from flows import screen
from flows.window import need_open, policy_of
from reseal.access import Access
from reseal.backup.location import Location
from reseal.config import Config, load_config
from reseal.embedded import start_server
from reseal.errors import ConfigurationError
from reseal.evidence.closing import Closing
from reseal.evidence.own_key import OWN_KEY, own_key
from reseal.evidence.recording import Recording
from reseal.evidence.shelf import LocalShelf, Shelf, shelf_at
from reseal.evidence.signing_key import SigningKey, open_signing_key
from reseal.field import Field
from reseal.optimise.columns import columns_of
from reseal.optimise.found import need_columns, need_queries
from reseal.settings import Settings
from reseal.store import catalog, data_key, schema
from reseal.store.store import Store
from reseal.trial_keys import with_trial_keys
from reseal.undoable import Undoing, need_undoable, need_way

# Flows that look at the tables themselves, and flows that need something sealed.
_WITH_PREFLIGHT = frozenset({"encrypt_secrets", "rotate_keys"})
_OF_SEALED_ROWS = frozenset({"verify_secrets", "rotate_keys", "clean_residue"})
# Flows that ask what applications ask at login, and one that touches no secret at all.
_OF_LOGINS = frozenset({"encrypt_secrets", "optimise_schema"})
_WITHOUT_BACKUP = frozenset({"optimise_schema"})
# Signed before a run, so that a key that may not sign is found before anything is written.
_TRIED = b"reseal: may this key sign?"


@dataclass(frozen=True)
class Opening:
    """Everything a command needs before it knows of a run."""

    settings: Settings
    config: Config
    access: Access

    @classmethod
    def of(cls, settings: Settings) -> "Opening":
        """Read the configuration and start the embedded server where no database is named."""
        config = load_config(settings.config)
        settings, made = with_trial_keys(settings)
        if made:
            screen.say(
                f"Made the key files {' and '.join(map(str, made))}; they are for trying out, "
                "never for secrets that matter."
            )
        url = settings.database_url or start_server(settings.state / "postgres")
        return cls(settings, config, Access.of(settings, config, url))

    @property
    def shelf(self) -> Shelf:
        """Where the bundles of all runs are kept."""
        return shelf_of(self.settings, self.config)

    def recording(self, operator: str) -> Recording:
        """Return what records runs; the key that signs is made where there is none."""
        shelf = self.shelf
        here = shelf.root if isinstance(shelf, LocalShelf) else self.settings.state / "evidence"
        key = self._named_key or own_key(shelf, self.access.kek())
        root = Path(here).absolute()
        closing, config = Closing(shelf, key), self.settings.config
        return Recording(closing, root, operator, config, self.config.plots)

    def _need_record(self) -> None:
        """Raise what would keep a bundle from being signed, or kept."""
        self.shelf.need_writable()
        if self._named_key:
            self._named_key.sign(_TRIED)
        elif self.shelf.has(OWN_KEY):
            own_key(self.shelf, self.access.kek())

    @cached_property
    def _named_key(self) -> SigningKey | None:
        uri = self.settings.evidence_key
        return open_signing_key(uri, self.settings.variables) if uri else None

    def check(self, flow: str, options: dict[str, Any]) -> None:
        """Raise what is wrong with settings, keys, fields or run id before anything starts.

        What preflight may find wrong with a table is left to it, because it keeps a record.
        """
        fields = self.config.select(options["fields"])
        need_open(policy_of(self.config.pace, flow, options))
        self.access.kek()
        self.config.run.need(is_embedded=self.settings.embedded)
        if flow in _WITH_PREFLIGHT:
            need_place(options, self.config)
        if flow in _OF_LOGINS:
            need_queries(self.config.fields, self.config.optimise.queries)
        if not options.get("skip_backup") and flow not in _WITHOUT_BACKUP:
            self.access.backup_kek()
        store = self.access.store("check", read_only=True)
        try:
            self._check_keys(store, flow)
            if options.get("compromised") is not None:
                data_key.need(data_key.states(store), options["compromised"])
            if flow == "rollback_run":
                fields = self._of_run(store, options)
            if flow not in _WITH_PREFLIGHT:
                for field in fields:
                    catalog.try_reading(store, self.access.target(store, field.name))
            if flow == "optimise_schema":
                need_login_columns(self.access, store, fields)
        finally:
            store.close()
        self._need_record()

    def _check_keys(self, store: Store, flow: str) -> None:
        if schema.exists(store) and data_key.exists(store):
            self.access.keyring(store)
        elif flow in _OF_SEALED_ROWS:
            data_key.need_any(store)

    def _of_run(self, store: Store, options: dict[str, Any]) -> tuple[Field, ...]:
        """Return the fields of a run that can be rolled back."""
        run = need_undoable(
            store,
            options["run_id"],
            self.access.backup_kek(),
            newer=options["unseal_newer"],
            has_schema=schema.exists(store),
        )
        fields = self.config.select(run.record.fields)
        if run.how is Undoing.RESTORE:
            need_way(store, [self.access.target(store, field.name) for field in fields])
        return fields


def shelf_of(settings: Settings, config: Config) -> Shelf:
    """Return where the bundles of all runs are kept."""
    return shelf_at(settings.evidence or config.evidence)


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
