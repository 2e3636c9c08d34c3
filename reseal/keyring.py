"""Data keys by version: seal under the one active key, open under the one a value names."""

import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal.envelope import ALG, IV_BYTES, TAG_BYTES, Envelope, Parts, write
from reseal.errors import KeyringError, UnknownKeyVersion, WillNotOpen
from reseal.place import Binding, KeyPart, Place
from reseal.secret import Secret, Secrets

KEY_BYTES = 32
# NIST SP 800-38D, 8.3, allows 2^32 seals with random 96-bit IVs; sealing stops at half of it.
MOST_SEALS = 2**31
# Of the bytes of a secret. Two secrets in one otpauth URI differ in about sixteen.
MOST_DAMAGED = 4


class KeyState(StrEnum):
    """What a data key may still do."""

    STAGED = "staged"
    """Opens only; every reader learns it before anything is sealed under it."""
    ACTIVE = "active"
    """Seals and opens; exactly one key is active."""
    RETIRING = "retiring"
    """Opens only, until no value is sealed under it."""
    DISABLED = "disabled"
    """Kept, not loaded."""
    DESTROYED = "destroyed"
    """Its bytes are gone; the row remains as a record."""


LOADED = frozenset({KeyState.STAGED, KeyState.ACTIVE, KeyState.RETIRING})


@dataclass(frozen=True, slots=True)
class DataKey:
    """One AES-256 key with its version; the bytes stay out of its repr."""

    version: int
    state: KeyState
    material: bytes = field(repr=False)

    @classmethod
    def fresh(cls, version: int, state: KeyState) -> "DataKey":
        """Make a key from the system's random source."""
        return cls(version, state, os.urandom(KEY_BYTES))

    @property
    def check_value(self) -> bytes:
        """Eight bytes that prove "right number, right bytes" and tell nothing of the key."""
        said = b"reseal/check/v1/%d" % self.version
        return hmac.new(self.material, said, hashlib.sha256).digest()[:8]


def context(version: int) -> bytes:
    """Return the context under which the KEK wraps the data key of this version."""
    return b"data-key/%d" % version


class FieldCipher:
    """Seal and open the secrets of one field; the hot path of every sweep.

    `seals` counts encryptions, also of what was then not written; after `room` of them it refuses.
    """

    def __init__(self, name: str, ciphers: Mapping[int, AESGCM], active: int, room: int) -> None:
        self._name = name
        self._ciphers = ciphers
        self._active = active
        self._room = room
        self.seals = 0
        self._bindings = {version: Binding.of(name, version, ALG) for version in ciphers}

    def seal(self, key: tuple[KeyPart, ...], secret: Secret) -> Envelope:
        """Encrypt under the active key and prove it by opening; raise WillNotOpen if not."""
        return self._seal(key, secret, os.urandom(IV_BYTES))

    def seal_text(self, key: tuple[KeyPart, ...], secret: Secret) -> str:
        """Seal and spell in one step, as a sweep does for every row."""
        iv = os.urandom(IV_BYTES)
        sealed = self._encrypt(key, secret, iv)
        return write(self._active, iv, sealed[-TAG_BYTES:], sealed[:-TAG_BYTES])

    def _seal(self, key: tuple[KeyPart, ...], secret: Secret, iv: bytes) -> Envelope:
        sealed = self._encrypt(key, secret, iv)
        return Envelope(self._active, iv, sealed[-TAG_BYTES:], sealed[:-TAG_BYTES])

    def _encrypt(self, key: tuple[KeyPart, ...], secret: Secret, iv: bytes) -> bytes:
        self._take_room(1)
        plain, bound = secret.octets(), self._bindings[self._active].data(key)
        cipher = self._ciphers[self._active]
        sealed = cipher.encrypt(iv, plain, bound)
        if not hmac.compare_digest(cipher.decrypt(iv, sealed, bound), plain):
            raise WillNotOpen(f"sealing {Place(self._name, key)} did not give back the secret")
        return sealed

    def seal_all(
        self, keys: Sequence[tuple[KeyPart, ...]], secrets: Secrets
    ) -> tuple[int, bytes, list[bytes]]:
        """Seal the secrets of many rows, each proven by opening it.

        Return the key's version, the ivs one after the other, and ciphertext with tag of each.
        """
        self._take_room(len(keys))
        ivs = os.urandom(IV_BYTES * len(keys))
        cipher, bound = self._ciphers[self._active], self._bindings[self._active].data_of_all(keys)
        plain, sealed = secrets.octets(), []
        for at, text, place in zip(range(0, len(ivs), IV_BYTES), plain, bound, strict=True):
            iv = ivs[at : at + IV_BYTES]
            sealed.append(one := cipher.encrypt(iv, text, place))
            if cipher.decrypt(iv, one, place) != text:
                raise WillNotOpen(f"sealing a secret of {self._name} did not give it back")
        return self._active, ivs, sealed

    def open_all(self, keys: Sequence[tuple[KeyPart, ...]], envelopes: Sequence[Parts]) -> Secrets:
        """Decrypt the envelopes of many rows; raise for the first that does not open."""
        bound = {
            version: self._need_binding(version).data_of_all(keys)
            for version in {envelope.key_version for envelope in envelopes}
        }
        ciphers = self._ciphers
        try:
            return Secrets([
                ciphers[version].decrypt(iv, sealed, bound[version][at])
                for at, (version, iv, sealed) in enumerate(envelopes)
            ])  # fmt: skip
        except InvalidTag:
            pass
        raise WillNotOpen(f"an envelope of {self._name} does not open")

    def _need_binding(self, version: int) -> Binding:
        if version not in self._bindings:
            raise UnknownKeyVersion(version)
        return self._bindings[version]

    def _take_room(self, seals: int) -> None:
        if self.seals + seals > self._room:
            raise KeyringError(
                f"data key {self._active} has sealed as often as a key may; run `reseal rotate`"
            )
        self.seals += seals

    def open(self, key: tuple[KeyPart, ...], envelope: Envelope) -> Secret:
        """Decrypt with the one key that the envelope names; keys are never tried in turn."""
        cipher = self._ciphers.get(envelope.key_version)
        if cipher is None:
            raise UnknownKeyVersion(envelope.key_version)
        bound = self._bindings[envelope.key_version].data(key)
        try:
            return Secret(cipher.decrypt(envelope.iv, envelope.ciphertext + envelope.tag, bound))
        except InvalidTag:
            pass
        raise WillNotOpen(f"the envelope at {Place(self._name, key)} does not open")

    def resembles(self, envelope: Envelope, secret: Secret) -> bool:
        """Say whether an envelope that does not open was made of this secret, but for some damage.

        Counter mode turns each byte by itself: with the same key and iv, an envelope of the same
        secret differs in the damaged bytes only, and that of another one nearly everywhere.
        """
        cipher = self._ciphers.get(envelope.key_version)
        if cipher is None:
            return False
        sealed = cipher.encrypt(envelope.iv, secret.octets(), None)[:-TAG_BYTES]
        if len(sealed) != len(envelope.ciphertext):
            return False
        damaged = sum(a != b for a, b in zip(sealed, envelope.ciphertext, strict=True))
        return damaged <= min(MOST_DAMAGED, len(sealed) // 8)


class Keyring:
    """The data keys that are loaded, and which of them seals.

    `sealed` is how often the active key has sealed so far, as far as is known.
    """

    def __init__(self, keys: Iterable[DataKey], sealed: int = 0) -> None:
        loaded = [key for key in keys if key.state in LOADED]
        active = [key.version for key in loaded if key.state is KeyState.ACTIVE]
        if len(active) != 1:
            raise KeyringError(f"{len(active)} data keys are active; exactly one must be")
        if len({key.version for key in loaded}) != len(loaded):
            raise KeyringError("two data keys have the same version")
        if any(len(key.material) != KEY_BYTES for key in loaded):
            raise KeyringError(f"a data key does not have {KEY_BYTES} bytes")
        if len({key.material for key in loaded}) != len(loaded):
            raise KeyringError("two key versions hold the same key")
        self.active = active[0]
        self.check_values = MappingProxyType({key.version: key.check_value for key in loaded})
        self._ciphers = {key.version: AESGCM(key.material) for key in loaded}
        self._room = MOST_SEALS - sealed
        self._fields: dict[str, FieldCipher] = {}

    @classmethod
    def of_nobody(cls) -> "Keyring":
        """Return a keyring with one key under which nothing was ever sealed."""
        # Versions of envelopes begin with 1.
        return cls([DataKey.fresh(0, KeyState.ACTIVE)])

    @property
    def seals(self) -> int:
        """How often this keyring has sealed."""
        return sum(cipher.seals for cipher in self._fields.values())

    def cipher(self, field_name: str) -> FieldCipher:
        """Return the cipher of one field, made once."""
        if field_name not in self._fields:
            self._fields[field_name] = FieldCipher(
                field_name, self._ciphers, self.active, self._room
            )
        return self._fields[field_name]

    def seal(self, place: Place, secret: Secret) -> Envelope:
        """Encrypt a secret for the place where it will stand."""
        return self.cipher(place.field).seal(place.key, secret)

    def open(self, place: Place, envelope: Envelope) -> Secret:
        """Decrypt an envelope found at a place; raise UnknownKeyVersion or WillNotOpen."""
        return self.cipher(place.field).open(place.key, envelope)
