"""What leads to the database: settings, configuration, access. Needs no Prefect."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows import screen
from reseal.access import Access
from reseal.config import Config, load_config
from reseal.embedded import start_server
from reseal.settings import Settings
from reseal.store import data_key, ledger, schema
from reseal.store.store import Store
from reseal.trial_keys import with_trial_keys


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
    def evidence_root(self) -> Path:
        """The directory that holds a directory a run."""
        return Path(self.settings.evidence or self.config.evidence).absolute()

    def check(self, options: dict[str, Any]) -> None:
        """Raise what is wrong with settings, keys, fields or run id before anything starts."""
        self.config.select(options["fields"])
        self.access.kek()
        if not options.get("skip_backup"):
            self.access.backup_kek()
        store = self.access.store("check", read_only=True)
        try:
            self._check_stored(store, options.get("run_id"))
        finally:
            store.close()

    def _check_stored(self, store: Store, run_id: str | None) -> None:
        has_schema = schema.exists(store)
        if has_schema and data_key.exists(store):
            self.access.keyring(store)
        if run_id is not None:
            ledger.find(store, ledger.parse_run_id(run_id), has_schema=has_schema)
