"""Seal and open originals under a backup key that no data key can replace.

sealed = iv (12 bytes) | ciphertext | tag (16 bytes)
bound  = length-prefixed: "reseal/backup/v1", run id, field name, row key part by part

A backup that is written to a file is authenticated as a whole under a key derived from this one.
"""

import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from reseal.errors import KekError, WillNotOpen
from reseal.kek import Kek
from reseal.secret import Secret, Secrets

_IV_BYTES = 12
_DOMAIN = b"reseal/backup/v1"
_FILE_DOMAIN = b"reseal/backup-file/v1"


@dataclass(frozen=True)
class BackupCipher:
    """The backup key of one field in one run."""

    run_id: UUID
    name: str
    _cipher: AESGCM = field(repr=False)

    @classmethod
    def fresh(cls, run_id: UUID, name: str, kek: Kek) -> tuple[Self, bytes]:
        """Make a key; return its cipher and the key wrapped by the backup KEK, proven to unwrap."""
        material = os.urandom(32)
        wrapped = kek.wrap(material, context(run_id, name))
        if not hmac.compare_digest(kek.unwrap(wrapped, context(run_id, name)), material):
            raise KekError(f"the key-encryption key {kek.uri} does not unwrap what it wrapped")
        return cls(run_id, name, AESGCM(material)), wrapped

    @classmethod
    def unwrap(cls, run_id: UUID, name: str, kek: Kek, wrapped: bytes) -> Self:
        """Return the cipher of a backup that was taken before."""
        return cls(run_id, name, AESGCM(kek.unwrap(wrapped, context(run_id, name))))

    def seal(self, row_key: list[str], text: str) -> bytes:
        """Encrypt an original, byte for byte."""
        (sealed,) = self.seal_all([row_key], Secrets([text.encode()]))
        return sealed

    def open(self, row_key: list[str], sealed: bytes) -> Secret:
        """Decrypt an original; raise WillNotOpen where anything about it was changed."""
        iv, rest = sealed[:_IV_BYTES], sealed[_IV_BYTES:]
        try:
            return Secret(self._cipher.decrypt(iv, rest, self._bound(row_key)).decode())
        except (InvalidTag, ValueError):
            pass
        raise WillNotOpen(f"the backup of {self.name} {'/'.join(row_key)} does not open")

    def seal_all(self, row_keys: Sequence[Sequence[str]], originals: Secrets) -> list[bytes]:
        """Encrypt the originals of many rows."""
        ivs, encrypt = os.urandom(_IV_BYTES * len(row_keys)), self._cipher.encrypt
        starts, bound = range(0, len(ivs), _IV_BYTES), self._bound_all(row_keys)
        return [
            (iv := ivs[at : at + _IV_BYTES]) + encrypt(iv, text, place)
            for at, text, place in zip(starts, originals.octets(), bound, strict=True)
        ]

    def open_all(self, row_keys: Sequence[Sequence[str]], sealed: Sequence[bytes]) -> Secrets:
        """Decrypt the originals of many rows; raise WillNotOpen, which names the first at fault."""
        decrypt = self._cipher.decrypt
        try:
            return Secrets([
                decrypt(one[:_IV_BYTES], one[_IV_BYTES:], place)
                for one, place in zip(sealed, self._bound_all(row_keys), strict=True)
            ])  # fmt: skip
        except (InvalidTag, ValueError):
            pass
        return Secrets(
            [self.open(list(key), one).octets() for key, one in zip(row_keys, sealed, strict=True)]
        )

    def _bound(self, row_key: Sequence[str]) -> bytes:
        return self._before + b"".join(map(_sized, row_key))

    def _bound_all(self, row_keys: Sequence[Sequence[str]]) -> list[bytes]:
        before = self._before
        if set(map(len, row_keys)) != {1}:
            return [self._bound(row_key) for row_key in row_keys]
        octets = [part.encode() for (part,) in row_keys]
        heads = {length: before + length.to_bytes(4, "big") for length in set(map(len, octets))}
        return [heads[len(part)] + part for part in octets]

    @property
    def _before(self) -> bytes:
        parts = (_DOMAIN, self.run_id.bytes, self.name.encode())
        return b"".join([len(part).to_bytes(4, "big") + part for part in parts])


@dataclass(frozen=True, slots=True)
class BackupKeys:
    """What the key of a backup gives: the cipher of its records, the key that signs its files."""

    cipher: BackupCipher
    signing: bytes = field(repr=False)

    @classmethod
    def unwrap(cls, run_id: UUID, name: str, kek: Kek, wrapped: bytes) -> Self:
        """Ask the KEK once for both; raise KekError under another one."""
        material = kek.unwrap(wrapped, context(run_id, name))
        return cls(BackupCipher(run_id, name, AESGCM(material)), _signing(material))


def _sized(part: str) -> bytes:
    octets = part.encode()
    return len(octets).to_bytes(4, "big") + octets


def _signing(material: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=_FILE_DOMAIN).derive(material)


def context(run_id: UUID, name: str) -> bytes:
    """Return the context under which the backup KEK wraps this backup's key."""
    return b"backup/" + run_id.bytes + b"/" + name.encode()
