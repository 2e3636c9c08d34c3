"""What an application uses: seal a secret for its row, read what stands in it.

    vault = Vault.connect(pool, "reseal.toml", kek="env:RESEAL_KEK")
    stored = vault.seal("users.mfa_secret", 42, "JBSWY3DPEHPK3PXP")
    secret = vault.read("users.mfa_secret", 42, stored)

The keys are loaded once. A read whose key is loaded sends nothing to the database; an envelope
under an unknown version makes the vault load them anew, and so does a seal a minute later.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

from reseal.config import Config, load_config
from reseal.envelope import Envelope, looks_sealed
from reseal.errors import (
    ConfigurationError,
    EnvelopeError,
    FieldError,
    KeyringError,
    NotSealed,
    ResealError,
    StoreError,
    UnknownKeyVersion,
    WillNotOpen,
)
from reseal.field import Field
from reseal.kek import Kek, open_kek
from reseal.keyring import Keyring
from reseal.place import KeyPart, Place
from reseal.secret import Secret
from reseal.settings import Settings
from reseal.shape import Shape
from reseal.store import aside, data_key, key_use, reader
from reseal.store.borrowed import borrow
from reseal.store.column import escape
from reseal.store.store import Store
from reseal.usage import Usage

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

Found = TypeVar("Found")
Key = KeyPart | tuple[KeyPart, ...]
# Drivers give `bytea` as one of these.
Value = str | bytes | bytearray | memoryview

_log = logging.getLogger("reseal.vault")

# Where there is no key yet, the table is asked again, but not at every enrolment.
_SECONDS_BETWEEN_LOOKS = 2.0
# An instance that seals without looking would go on under a key that has long been replaced.
_SECONDS_A_KEYRING_SEALS = 60.0
# No such table, no such schema: the first run has not been there yet.
_NOT_MADE = frozenset({"42P01", "3F000"})


class Plaintext(StrEnum):
    """What reading does with a secret that is not sealed yet."""

    ALLOW = "allow"
    WARN = "warn"
    """Allow, and log the place."""
    REFUSE = "refuse"


class Vault:
    """Seal and read the secrets of the configured fields; one for all threads of a process."""

    def __init__(
        self,
        pool: "ConnectionPool[Any]",
        config: Config,
        kek: Kek,
        schema: str,
        policy: Plaintext,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._config = config
        self._kek = kek
        self._schema = schema
        self._policy = policy
        self._clock = clock
        self._keyring: Keyring | None = None
        self._looked = 0.0
        self._lock = threading.Lock()
        self._usage = Usage()
        self._token = uuid4().hex[:8]

    @classmethod
    def connect(
        cls,
        pool: "ConnectionPool[Any]",
        fields: Config | Path | str = "reseal.toml",
        kek: Kek | str = "env:RESEAL_KEK",
        schema: str | None = None,
        *,
        plaintext: str = Plaintext.ALLOW,
        clock: Callable[[], float] = time.monotonic,
    ) -> "Vault":
        """Load the keys through the application's own pool; `plaintext` is the policy.

        `clock` tells by seconds that never go back how old the loaded keys are.
        """
        if plaintext not in list(Plaintext):
            raise ConfigurationError(f"plaintext must be one of {', '.join(Plaintext)}")
        config = fields if isinstance(fields, Config) else load_config(Path(fields))
        if isinstance(kek, str):
            kek = open_kek(kek, Settings.from_environment().variables, known={})
        policy = Plaintext(plaintext)
        vault = cls(pool, config, kek, schema or config.schema, policy, clock=clock)
        vault.refresh()
        return vault

    @property
    def can_seal(self) -> bool:
        """Whether there is an active data key; there is none before the first encryption."""
        return self._sealing_keyring() is not None

    def seal(self, field: str, key: Key, plain: Value) -> str:
        """Return what to store in the row; raise KeyringError until there is a key.

        That is the envelope, in a `bytea` column its ASCII bytes. For a field whose envelopes
        are kept aside it is a mark of 16 characters, and the envelope is written right away.
        """
        described = self._config.field(field)
        place, text = _place(described, key), _text(plain)
        if looks_sealed(text) or text in described.empty:
            raise EnvelopeError(f"what should be sealed for {place} is no secret in the clear")
        keyring = self._sealing_keyring()
        if keyring is None:
            raise KeyringError("there is no data key yet; the first encryption makes one")
        envelope = str(keyring.seal(place, _secret(plain)))
        self._usage.sealed(keyring.active)
        return self._set_aside(described, keyring, envelope) if described.keeps_aside else envelope

    def read(self, field: str, key: Key, stored: Value | None) -> Secret:
        """Return the secret that a row holds, sealed or, if the policy allows it, legacy.

        Of a document, give the leaf. A mark of an envelope that is kept aside is looked up.
        """
        described = self._config.field(field)
        place = _place(described, key)
        if stored is None:
            return self._legacy(described, place, None)
        text = _text(stored)
        if described.keeps_aside and aside.is_mark(text.rstrip()):
            text = self._fetched(place, text.rstrip())
        if looks_sealed(text):
            return self._open(place, Envelope.parse(text))
        return self._legacy(described, place, stored)

    def refresh(self) -> None:
        """Load the keys anew; where that fails, those that are loaded stay."""
        with self._lock:
            self._load()

    def heartbeat(self, *, seals: bool | None = None) -> bool:
        """Tell runs what this instance opens, and how often it did; False where nobody listens yet.

        `seals=False` tells them that the application still writes plaintext although it could
        seal.
        """
        keyring, used = self._keyring, self._usage.take()
        row = reader.Reader(
            instance=f"{socket.gethostname()}/{os.getpid()}/{self._token}",
            opens=keyring.check_values if keyring else {},
            seals=keyring is not None if seals is None else seals,
            policy=self._policy,
            active=keyring.active if keyring else None,
        )
        is_told = False

        def beat(store: Store) -> bool:
            reader.beat(store, row)
            key_use.tell(store, row.instance, used)
            return True

        try:
            is_told = _borrow_if_made(self._pool, self._schema, beat) or False
        finally:
            if not is_told:
                self._usage.give_back(used)
        return is_told

    def _open(self, place: Place, envelope: Envelope) -> Secret:
        keyring = self._keyring
        if keyring is None or envelope.key_version not in keyring.check_values:
            keyring = self._newer(keyring)
        if keyring is None:
            raise UnknownKeyVersion(envelope.key_version)
        secret = keyring.open(place, envelope)
        self._usage.opened(envelope.key_version)
        return secret

    def _set_aside(self, field: Field, keyring: Keyring, envelope: str) -> str:
        mark = aside.fresh_mark(keyring.active)
        borrow(
            self._pool, self._schema, lambda store: aside.keep(store, field.name, mark, envelope)
        )
        return mark

    def _fetched(self, place: Place, mark: str) -> str:
        envelope = borrow(
            self._pool, self._schema, lambda store: aside.fetch(store, place.field, mark)
        )
        if envelope is None:
            raise WillNotOpen(f"the envelope that was kept aside for {place} is gone")
        return envelope

    def _legacy(self, field: Field, place: Place, stored: Value | None) -> Secret:
        shape = field.shape(None if stored is None else _text(stored))
        if stored is None or shape is Shape.EMPTY:
            raise NotSealed(f"there is no secret at {place}")
        if shape is Shape.FOREIGN:
            raise NotSealed(f"{place} was encrypted by another application")
        if self._policy is Plaintext.REFUSE:
            raise NotSealed(f"{place} holds plaintext, which the policy refuses")
        if self._policy is Plaintext.WARN:
            _log.warning("%s holds plaintext", place)
        return _secret(stored)

    def _sealing_keyring(self) -> Keyring | None:
        if self._is_fresh(self._keyring):
            return self._keyring
        with self._lock:
            if not self._is_fresh(self._keyring):
                self._renew()
            return self._keyring

    def _is_fresh(self, keyring: Keyring | None) -> bool:
        rest = _SECONDS_BETWEEN_LOOKS if keyring is None else _SECONDS_A_KEYRING_SEALS
        return self._clock() - self._looked < rest

    def _renew(self) -> None:
        try:
            self._load()
        except ResealError as error:
            if self._keyring is None:
                raise
            # What is loaded still seals and opens: no enrolment fails for want of the key service.
            _log.warning("the keys were not loaded anew: %s", error)

    def _newer(self, known: Keyring | None) -> Keyring | None:
        with self._lock:
            # Of the threads that meet a new version together, only the first asks the database.
            if self._keyring is known:
                self._load()
            return self._keyring

    def _load(self) -> None:
        self._looked = self._clock()
        self._keyring = _borrow_if_made(self._pool, self._schema, self._loaded)

    def _loaded(self, store: Store) -> Keyring | None:
        return data_key.load(store, self._kek, seals=True) if data_key.exists(store) else None


def _borrow_if_made(
    pool: "ConnectionPool[Any]", schema: str, work: Callable[[Store], Found]
) -> Found | None:
    try:
        return borrow(pool, schema, work)
    except StoreError as error:
        if error.sqlstate not in _NOT_MADE:
            raise
    return None


def _text(value: Value) -> str:
    return value if isinstance(value, str) else escape(bytes(value))


def _secret(value: Value) -> Secret:
    return Secret(value if isinstance(value, str) else bytes(value))


def _place(field: Field, key: Key) -> Place:
    parts = key if isinstance(key, tuple) else (key,)
    if field.binds_row and len(parts) != len(field.key or parts):
        raise FieldError(f"the key of field {field.name!r} has {len(field.key)} parts")
    if not all(map(_can_bind, parts)):
        raise FieldError(f"a row key of {field.name!r} must be made of int, str or UUID")
    return field.place(parts)


def _can_bind(part: object) -> bool:
    # An envelope is bound to the type too; one bound to a type that no sweep reads is lost.
    return isinstance(part, int | str | UUID) and not isinstance(part, bool)
