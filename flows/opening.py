"""What leads to the database: settings, configuration, access. Needs no Prefect."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flows import screen
from reseal.access import Access
from reseal.config import Config, load_config
from reseal.embedded import start_server
from reseal.evidence.closing import Closing
from reseal.evidence.own_key import OWN_KEY, own_key
from reseal.evidence.recording import Recording
from reseal.evidence.shelf import LocalShelf, Shelf, shelf_at
from reseal.evidence.signing_key import SigningKey, open_signing_key
from reseal.settings import Settings
from reseal.store import data_key, schema
from reseal.store.store import Store
from reseal.trial_keys import with_trial_keys

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

    @classmethod
    def by(cls, config: Path | None) -> "Opening":
        """Open by the environment, and by what a command was given as --config."""
        return cls.of(Settings.from_environment(config))

    @property
    def shelf(self) -> Shelf:
        """Where the bundles of all runs are kept."""
        return shelf_of(self.settings, self.config)

    @contextmanager
    def connected(self, purpose: str, *, read_only: bool = True) -> Iterator[Store]:
        """Connect for the length of the block, under this name in `pg_stat_activity`."""
        with closing(self.access.store(purpose, read_only=read_only)) as store:
            yield store

    @contextmanager
    def connected_to_write(self, purpose: str) -> Iterator[Store]:
        """Connect where something is sealed, and bring Reseal's schema forward.

        Raise ConfigurationError where there is no data key yet.
        """
        with self.connected(purpose, read_only=False) as store:
            data_key.need_any(store)
            schema.migrate(store, self.config.application)
            yield store

    def recording(self) -> Recording:
        """Return what records runs; the key that signs is made where there is none."""
        shelf = self.shelf
        here = shelf.root if isinstance(shelf, LocalShelf) else self.settings.state / "evidence"
        key = self._named_key or own_key(shelf, self.access.kek())
        root = Path(here).absolute()
        actor, config = self.settings.actor, self.settings.config
        return Recording(Closing(shelf, key), root, actor, config, self.config.plots)

    def need_record(self) -> None:
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


def shelf_of(settings: Settings, config: Config) -> Shelf:
    """Return where the bundles of all runs are kept."""
    return shelf_at(settings.evidence or config.evidence)
