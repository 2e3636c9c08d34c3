"""What a vault does, without any I/O: `Vault` and `AsyncVault` are its two shells.

Reading under a loaded key asks nothing of them. An envelope under an unknown version has the
keys loaded anew, and so has a seal a minute later.
"""

import logging
import os
import socket
from collections.abc import Callable, Mapping
from enum import StrEnum
from uuid import uuid4

from reseal.config import Config
from reseal.envelope import Envelope, looks_sealed
from reseal.errors import (
    EnvelopeError,
    FieldError,
    KeyringError,
    MalformedEnvelope,
    NoSecret,
    NotSealed,
    PlaintextRefused,
    ResealError,
    StoreError,
    UnknownKeyVersion,
    WillNotOpen,
)
from reseal.field import Field
from reseal.foreign import Nature, kind_of
from reseal.given import Key, Value, bound_key, place_of, secret_of, text_of
from reseal.kek import Kek
from reseal.keyring import Keyring
from reseal.place import Place
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.steps import Renewal, Steps, transaction
from reseal.store import aside, data_key, key_kind, key_use, reader
from reseal.store.store import Statement
from reseal.usage import Usage, Used

_log = logging.getLogger("reseal.vault")

# Where there is no key yet, the table is asked again, but not at every enrolment.
_SECONDS_BETWEEN_LOOKS = 2.0
# An instance that seals without looking would go on under a key that has long been replaced.
_SECONDS_A_KEYRING_SEALS = 60.0
# A version that the table does not know is not asked for again at every read of its row.
_SECONDS_A_VERSION_STAYS_UNKNOWN = 1.0
# No such table, no such schema: the first run has not been there yet.
NOT_MADE = frozenset({"42P01", "3F000"})


class Plaintext(StrEnum):
    """What reading does with a secret that is not sealed yet."""

    ALLOW = "allow"
    WARN = "warn"
    """Allow, and log the place."""
    REFUSE = "refuse"


class VaultCore:
    """The keys that are loaded, and what is done with them."""

    def __init__(
        self,
        config: Config,
        kek: Kek,
        policy: Plaintext,
        clock: Callable[[], float],
        *,
        seals: bool = True,
    ) -> None:
        self.config = config
        self.policy = policy
        self.seals = seals
        self.keyring: Keyring | None = None
        self._kek = kek
        self._clock = clock
        self._looked = 0.0
        self._are_gone = False
        self._unknown: dict[int, float] = {}
        self._kinds: dict[str, tuple[key_kind.Kind, ...]] | None = None
        self._usage = Usage()
        self._token = uuid4().hex[:8]

    def begin_in_child(self) -> None:
        """Begin anew in a process that was forked: what the parent counted, the parent tells."""
        self._usage = Usage()
        self._token = uuid4().hex[:8]

    def sealing_keyring(self) -> Steps[Keyring | None]:
        """Have the keys looked at again if it is time, and return them if they may seal."""
        if not self.seals:
            return None
        if not self._is_fresh():
            try:
                yield Renewal(lambda: not self._is_fresh())
            except ResealError as error:
                if self.keyring is None:
                    raise
                # What is loaded still seals and opens: nobody is kept from enrolling.
                _log.warning("the keys were not loaded anew: %s", error)
        return self._sealing

    def seal(self, name: str, key: Key, plain: Value) -> Steps[str]:
        """Return what to store in the row."""
        field = self.config.field(name)
        place, text = place_of(field, key), text_of(plain)
        self._check_kinds(field, place)
        if looks_sealed(text) or text in field.empty:
            raise EnvelopeError(f"what should be sealed for {place} is no secret in the clear")
        keyring = yield from self.sealing_keyring()
        if keyring is None:
            raise self.no_key()
        envelope = str(keyring.seal(place, secret_of(plain)))
        self._usage.sealed(keyring.active)
        if not field.keeps_aside:
            return envelope
        mark = aside.fresh_mark(keyring.active)
        yield transaction(aside.keeping(field.name, mark, envelope))
        return mark

    def at_hand(self, name: str, key: Key, stored: Value | None) -> Secret | None:
        """Return what an envelope under a loaded key holds; None for whatever takes more steps.

        This is what nearly every login needs, and it takes half the time of `read`.
        """
        keyring = self.keyring
        if keyring is None or not isinstance(stored, str) or not looks_sealed(stored):
            return None
        envelope = Envelope.parse(stored)
        if envelope.key_version not in keyring.check_values:
            return None
        field = self.config.field(name)
        secret = keyring.cipher(field.bound_name).open(bound_key(field, key), envelope)
        self._usage.opened(envelope.key_version)
        return secret

    def read(self, name: str, key: Key, stored: Value | None) -> Steps[Secret]:
        """Return the secret that a row holds."""
        field = self.config.field(name)
        place = place_of(field, key)
        if stored is None:
            raise NoSecret(f"there is no secret at {place}")
        text = text_of(stored)
        if aside.holds_mark(field, text):
            text = yield from _fetched(field, place, text.rstrip())
        if looks_sealed(text):
            return (yield from self._open(place, Envelope.parse(text)))
        # Once it is sealed, a key of another type opens nothing: better to hear of it now.
        self._check_kinds(field, place)
        return self._legacy(field, place, stored)

    def no_key(self) -> KeyringError:
        """Return why nothing can be sealed."""
        if not self.seals:
            return KeyringError("this vault was connected with seals=False, so it only reads")
        if self._are_gone:
            return KeyringError("the data keys are gone from the database, so nothing is sealed")
        return KeyringError("there is no data key yet; the first encryption makes one")

    def is_due(self, name: str, stored: Value) -> Steps[bool]:
        """Say whether what a row holds could be sealed now, or under a newer key."""
        keyring = yield from self.sealing_keyring()
        return keyring is not None and _version(self.config.field(name), stored) != keyring.active

    def load(self) -> Steps[None]:
        """Load the keys anew; where that fails, or they are gone, those that are loaded stay.

        Keys that are not in the database any more go on opening, and seal nothing.
        """
        self._looked = self._clock()
        if self._kinds is None:
            fields = [field for field in self.config.fields if field.binds_row]
            answers = yield transaction(*map(key_kind.asking, fields))
            told = zip(fields, answers, strict=True)
            self._kinds = {field.name: key_kind.kinds(rows) for field, rows in told}
        found = None
        try:
            found = yield from data_key.loading(self._kek)
        except StoreError as error:
            if error.sqlstate not in NOT_MADE:
                raise
        self._take(found)

    def _take(self, found: Keyring | None) -> None:
        if found is None and self.keyring is not None and not self._are_gone:
            _log.error("the data keys are gone from the database; those that are loaded still open")
        self._are_gone = found is None and self.keyring is not None
        self.keyring = found or self.keyring

    @property
    def _sealing(self) -> Keyring | None:
        return None if self._are_gone else self.keyring

    def beat(self, *, seals: bool | None = None) -> Steps[bool]:
        """Tell runs what this instance opens and how often it did; False where nobody listens."""
        keyring, used = self.keyring, self._usage.take()
        row = reader.Reader(
            instance=self._instance,
            opens=keyring.check_values if keyring else {},
            seals=(self._sealing is not None and self.seals) if seals is None else seals,
            policy=self.policy,
            active=self._sealing.active if self._sealing else None,
        )
        return (yield from self._told(used, reader.telling(row)))

    def leave(self) -> Steps[bool]:
        """Tell how often keys were used since the last beat, and that this instance ends."""
        return (yield from self._told(self._usage.take(), reader.leaving(self._instance)))

    @property
    def _instance(self) -> str:
        return f"{socket.gethostname()}/{os.getpid()}/{self._token}"

    def _told(self, used: Mapping[int, Used], statement: Statement) -> Steps[bool]:
        is_told = False
        try:
            yield transaction(statement, *key_use.telling(self._instance, used))
            is_told = True
        except StoreError as error:
            if error.sqlstate not in NOT_MADE:
                raise
        finally:
            if not is_told:
                self._usage.give_back(used)
        return is_told

    def _check_kinds(self, field: Field, place: Place) -> None:
        wrong = key_kind.misfit(place.key, (self._kinds or {}).get(field.name, ()))
        if wrong:
            raise FieldError(f"a row key of {field.name!r} is not as in its table: {wrong}")

    def _open(self, place: Place, envelope: Envelope) -> Steps[Secret]:
        keyring, version = self.keyring, envelope.key_version
        if keyring is None or version not in keyring.check_values:
            keyring = yield from self._newer(keyring, version)
        secret = keyring.open(place, envelope)
        self._usage.opened(version)
        return secret

    def _newer(self, known: Keyring | None, version: int) -> Steps[Keyring]:
        now = self._clock()
        if now - self._unknown.get(version, -1e9) >= _SECONDS_A_VERSION_STAYS_UNKNOWN:
            # Of those that meet a new version together, only the first asks the database.
            yield Renewal(lambda: self.keyring is known)
        keyring = self.keyring
        if keyring is None or version not in keyring.check_values:
            self._unknown[version] = now
            raise UnknownKeyVersion(version)
        return keyring

    def _legacy(self, field: Field, place: Place, stored: Value) -> Secret:
        shape = field.shape(text_of(stored))
        if shape is Shape.EMPTY:
            raise NoSecret(f"there is no secret at {place}")
        if shape is Shape.FOREIGN:
            raise _not_ours(place, text_of(stored))
        if self.policy is Plaintext.REFUSE:
            raise PlaintextRefused(f"{place} holds plaintext, which the policy refuses")
        if self.policy is Plaintext.WARN:
            _log.warning("%s holds plaintext", place)
        return secret_of(stored)

    def _is_fresh(self) -> bool:
        rest = _SECONDS_BETWEEN_LOOKS if self._sealing is None else _SECONDS_A_KEYRING_SEALS
        return self._clock() - self._looked < rest


def _fetched(field: Field, place: Place, mark: str) -> Steps[str]:
    (rows,) = yield transaction(aside.fetching(field.name, mark))
    if not rows:
        raise WillNotOpen(f"the envelope that was kept aside for {place} is gone")
    return str(rows[0][0])


def _not_ours(place: Place, text: str) -> EnvelopeError:
    kind = kind_of(text)
    if kind and kind.nature is Nature.DAMAGED:
        return MalformedEnvelope(f"what stands at {place} is {kind.reason}")
    return NotSealed(f"{place} was encrypted by another application")


def _version(field: Field, stored: Value) -> int | None:
    text = text_of(stored)
    if aside.holds_mark(field, text):
        return aside.version_of(text)
    return Envelope.parse(text).key_version if looks_sealed(text) else None
