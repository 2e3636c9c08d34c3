"""Which row versions the backup holds as they stand, told without looking into it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reseal.backup.cipher import BackupCipher
from reseal.secret import Secrets

_XIDS = 2**32
_OLDEST_NORMAL_XID = 3


def digests(salt: bytes, originals: Secrets) -> list[bytes]:
    """Return the salted SHA-256 of each original."""
    sha256 = hashlib.sha256
    return [sha256(salt + octets).digest() for octets in originals.octets()]


class Kept(NamedTuple):
    """An original as the backup keeps it: the row's key, sealed, and a salted digest of it.

    The digest is what the shield knows an original by; a secret has at least 80 random bits, so
    that nobody finds it by trying.
    """

    row_key: list[str]
    sealed: bytes
    digest: bytes


@dataclass(frozen=True)
class Coverage:
    """Tell by `xmin` whether a row was written before the backup's horizon.

    `horizon` is the lowest transaction that was still open when the backup began: a row version
    older than it was seen by the backup, as subtransactions have higher numbers than their
    parents. Anything else is taken as late and backed up again, which is never wrong.
    """

    horizon: int
    cipher: BackupCipher
    salt: bytes

    def has(self, version: str) -> bool:
        """Say whether the row version was in the backup; 32-bit transaction ids wrap around."""
        xid = int(version)
        return xid < _OLDEST_NORMAL_XID or (self.horizon - xid - 1) % _XIDS < _XIDS // 2

    def late_among(self, versions: Iterable[str]) -> frozenset[str]:
        """Return which of these row versions were not in it."""
        return frozenset(version for version in set(versions) if not self.has(version))

    def keep_all(self, row_keys: Sequence[list[str]], texts: Sequence[str]) -> list[Kept]:
        """Seal and digest the originals of many rows."""
        originals = Secrets([text.encode() for text in texts])
        sealed = self.cipher.seal_all(row_keys, originals)
        return list(map(Kept, row_keys, sealed, digests(self.salt, originals)))
