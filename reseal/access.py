"""What a process needs to work on a database: its URL, its keys, its fields, opened once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from reseal.backup import take
from reseal.backup.coverage import Coverage
from reseal.config import Config
from reseal.errors import SettingsError
from reseal.kek import Kek, open_kek
from reseal.keyring import Keyring
from reseal.original import Original
from reseal.settings import Settings
from reseal.store import data_key, ledger
from reseal.store.catalog import Target, describe
from reseal.store.connection import Connection
from reseal.store.store import Store
from reseal.sweep.job import Assignment, Job


@dataclass(frozen=True)
class Access:
    """Open stores, keys and jobs; it can be pickled, so that worker processes get a copy.

    Nothing in it may be shown: the URL can hold a password, the variables a key.
    """

    url: str = field(repr=False)
    config: Config
    kek_uri: str | None
    backup_kek_uri: str | None
    variables: Mapping[str, str] = field(repr=False)
    # What a remote KEK has unwrapped: worker processes get it along and ask no service.
    known: dict[bytes, bytes] = field(default_factory=dict, repr=False, compare=False)
    # No statement then takes more of the server's cores than one.
    is_careful: bool = False

    @classmethod
    def of(cls, settings: Settings, config: Config, url: str) -> "Access":
        """Keep of the settings what leads to the database and the keys."""
        return cls(url, config, settings.kek, settings.backup_kek, dict(settings.variables))

    def store(self, purpose: str, *, read_only: bool = False) -> Store:
        """Open a connection; `purpose` shows in the server's list of sessions."""
        name = f"reseal {purpose}"[:63]
        on_one_core, schema = self.is_careful, self.config.schema
        connection = Connection.open(self.url, name, read_only=read_only, on_one_core=on_one_core)
        return Store(connection, schema)

    def kek(self) -> Kek:
        """Return the KEK of the data keys."""
        return open_kek(_named(self.kek_uri, "RESEAL_KEK"), self.variables, self.known)

    def backup_kek(self) -> Kek:
        """Return the KEK of the backups."""
        uri = _named(self.backup_kek_uri, "RESEAL_BACKUP_KEK")
        return open_kek(uri, self.variables, self.known)

    def keyring(self, store: Store, *, seals: bool = False) -> Keyring:
        """Load the data keys, to seal or only to open."""
        return data_key.load(store, self.kek(), seals=seals)

    def target(self, store: Store, name: str) -> Target:
        """Describe a field by what the catalog says of it now."""
        return describe(store, self.config.field(name))

    def coverage(self, store: Store, run_id: UUID, name: str) -> Coverage | None:
        """Return what tells rows apart that the run's backup does not hold, if it has one."""
        if self.backup_kek_uri is None:
            return None
        return take.coverage(store, run_id, name, self.backup_kek())

    def original(self, store: Store, run_id: UUID, name: str) -> Original | None:
        """Return what a run's envelopes are compared with, if it has a backup of the field."""
        covered = self.coverage(store, run_id, name)
        if covered is None:
            return None
        return Original(run_id, covered.cipher, ledger.written_xids(store, run_id, name))

    def job(self, assignment: Assignment) -> Job:
        """Open everything that a span of this assignment needs."""

        def connect() -> Store:
            return self.store(f"run {assignment.run_id}")

        store = connect()
        return Job(
            assignment,
            self.target(store, assignment.field),
            self.keyring(store, seals=True),
            self.coverage(store, assignment.run_id, assignment.field),
            connect,
            store,
        )


def _named(uri: str | None, setting: str) -> str:
    if uri is None:
        raise SettingsError(f"{setting} is not set; name the key, e.g. file:/etc/reseal/kek")
    return uri
