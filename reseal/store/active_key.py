"""The data key that seals: how long it has, and whether others know it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from reseal.store.store import Store

FIND = """
SELECT version, check_value, coalesce(activated, created), expires, compromised IS NOT NULL,
       clock_timestamp()
FROM {reseal}.data_key WHERE state = 'active'
"""


@dataclass(frozen=True, slots=True)
class ActiveKey:
    """A key that seals, as it stood when the server's clock said `asked`.

    Its cryptoperiod goes from `since` until it `expires`.
    """

    version: int
    check_value: bytes
    since: datetime
    expires: datetime
    is_compromised: bool
    asked: datetime

    @classmethod
    def find(cls, store: Store) -> Self | None:
        """Return it, or None where no key seals yet."""
        row = store.one(FIND)
        return cls(*row) if row else None

    @property
    def is_expired(self) -> bool:
        """Whether its cryptoperiod is over."""
        return self.expires <= self.asked

    @property
    def last_day(self) -> str:
        """The day that it expires on, such as 2027-01-31."""
        return f"{self.expires:%Y-%m-%d}"
