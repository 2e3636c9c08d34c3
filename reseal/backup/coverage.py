"""Which row versions the backup holds as they stand, told without looking into it."""

from dataclasses import dataclass

from reseal.backup.cipher import BackupCipher

_XIDS = 2**32
_OLDEST_NORMAL_XID = 3


@dataclass(frozen=True)
class Coverage:
    """Tell by `xmin` whether a row was written before the backup's horizon.

    `horizon` is the lowest transaction that was still open when the backup began: a row version
    older than it was seen by the backup, as subtransactions have higher numbers than their
    parents. Anything else is taken as late and backed up again, which is never wrong.
    """

    horizon: int
    cipher: BackupCipher

    def has(self, version: str) -> bool:
        """Say whether the row version was in the backup; 32-bit transaction ids wrap around."""
        xid = int(version)
        return xid < _OLDEST_NORMAL_XID or (self.horizon - xid - 1) % _XIDS < _XIDS // 2

    def seal(self, row_key: list[str], text: str) -> bytes:
        """Seal the original of a row that came after the horizon."""
        return self.cipher.seal(row_key, text)
