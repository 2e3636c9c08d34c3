"""What an application uses: seal a secret for its row, read what stands in it.

    vault = Vault.connect(pool, "reseal.toml", kek="env:RESEAL_KEK")
    stored = vault.seal("users.mfa_secret", 42, "JBSWY3DPEHPK3PXP")
    secret = vault.read("users.mfa_secret", 42, stored)

The keys are loaded once. A read whose key is loaded sends nothing to the database; an envelope
under an unknown version makes the vault load them anew, and so does a seal a minute later. In the
background it looks for new keys and tells runs what it opens.
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from reseal.config import Config, load_config
from reseal.errors import ConfigurationError, StoreError
from reseal.given import Key, Value
from reseal.heartbeat import Heartbeat
from reseal.kek import Kek, open_kek
from reseal.secret import Secret
from reseal.settings import Settings
from reseal.steps import Apart, Ask, Renewal, Transaction, drive
from reseal.store.lender import Lender
from reseal.vault_core import Plaintext, VaultCore

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

_log = logging.getLogger("reseal.vault")

# The window in which a rotation may ask who opens its key is two minutes.
SECONDS_BETWEEN_BEATS = 10.0


class Vault:
    """Seal and read the secrets of the configured fields; one for all threads of a process.

    A process that is forked can go on with it: it then takes connections of its own.
    """

    def __init__(self, core: VaultCore, lender: Lender) -> None:
        self.core = core
        self._lender = lender
        self._lock = threading.Lock()
        self._heartbeat = Heartbeat(self)
        _living.add(self)

    @classmethod
    def connect(
        cls,
        pool: "ConnectionPool[Any]",
        fields: Config | Path | str = "reseal.toml",
        kek: Kek | str = "env:RESEAL_KEK",
        schema: str | None = None,
        *,
        plaintext: str = Plaintext.ALLOW,
        seals: bool = True,
        beats: float | None = SECONDS_BETWEEN_BEATS,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Load the keys through the application's own pool; `plaintext` is the policy.

        `seals=False` is for an application that should read envelopes and write none: before a
        run is rolled back, and after it.
        `beats` are the seconds between two looks in the background; with None there are none, and
        the application calls `refresh` and `heartbeat` itself. `clock` tells by seconds that never
        go back how old the loaded keys are.
        """
        core = prepared(fields, kek, plaintext, clock, seals=seals)
        vault = cls(core, Lender(pool, schema or core.config.schema))
        vault.refresh()
        if beats is not None:
            vault._heartbeat.start(beats)
        return vault

    @property
    def config(self) -> Config:
        """The fields that it seals and reads."""
        return self.core.config

    @property
    def schema(self) -> str:
        """The schema of Reseal's own tables."""
        return self._lender.schema

    @property
    def can_seal(self) -> bool:
        """Whether there is an active data key; there is none before the first encryption."""
        return drive(self.core.sealing_keyring(), self.answer) is not None

    def seal(self, field: str, key: Key, plain: Value) -> str:
        """Return what to store in the row; raise KeyringError until there is a key.

        That is the envelope, in a `bytea` column its ASCII bytes. For a field whose envelopes
        are kept aside it is a mark of 16 characters, and the envelope is written right away.
        """
        return drive(self.core.seal(field, key, plain), self.answer)

    def read(self, field: str, key: Key, stored: Value | None) -> Secret:
        """Return the secret that a row holds, sealed or, if the policy allows it, legacy.

        Of a document, give the leaf. A mark of an envelope that is kept aside is looked up.
        """
        secret = self.core.at_hand(field, key, stored)
        return drive(self.core.read(field, key, stored), self.answer) if secret is None else secret

    def refresh(self) -> None:
        """Load the keys anew; where that fails, those that are loaded stay."""
        self._renew(Renewal(lambda: True))

    def heartbeat(self, *, seals: bool | None = None) -> bool:
        """Tell runs what this instance opens, and how often it did; False where nobody listens yet.

        `seals=False` tells them that the application still writes plaintext although it could
        seal.
        """
        return drive(self.core.beat(seals=seals), self.answer)

    def close(self) -> None:
        """End the looks in the background, and tell runs that this instance is gone."""
        self._heartbeat.stop()
        try:
            drive(self.core.leave(), self.answer)
        except StoreError as error:
            # Runs take it for gone two minutes later.
            _log.warning("the end of this instance could not be told: %s", error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, ask: Ask) -> Any:
        """Do what a piece of work needs of this process."""
        match ask:
            case Transaction(statements):
                return self._lender.transact(statements)
            case Apart(call):
                return call()
            case Renewal():
                return self._renew(ask)

    def _renew(self, renewal: Renewal) -> None:
        with self._lock:
            if renewal.is_due():
                drive(self.core.load(), self.answer)

    def _begin_in_child(self) -> None:
        # A thread of the parent may have held the lock, and no thread came along.
        self._lock = threading.Lock()
        self.core.begin_in_child()
        self._heartbeat.begin_in_child()


def prepared(
    fields: Config | Path | str,
    kek: Kek | str,
    plaintext: str,
    clock: Callable[[], float],
    *,
    seals: bool,
) -> VaultCore:
    """Return a core that has loaded no keys yet."""
    if plaintext not in list(Plaintext):
        raise ConfigurationError(f"plaintext must be one of {', '.join(Plaintext)}")
    config = fields if isinstance(fields, Config) else load_config(Path(fields))
    if isinstance(kek, str):
        kek = open_kek(kek, Settings.from_environment().variables, known={})
    return VaultCore(config, kek, Plaintext(plaintext), clock, seals=seals)


_living: "weakref.WeakSet[Vault]" = weakref.WeakSet()


def _begin_in_child() -> None:
    for vault in list(_living):
        vault._begin_in_child()


os.register_at_fork(after_in_child=_begin_in_child)
