"""Four tiers of pools, and how many connections one gets where not all are free."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from reseal.errors import ConfigurationError, StoreError

MFA_BOOST = 10


class Tier(Enum):
    """How many connections a pool keeps at least and has at most, and how long a caller waits."""

    DEVELOPMENT = (2, 10, 10.0)
    STAGING = (5, 40, 30.0)
    PRODUCTION = (25, 120, 60.0)
    ENTERPRISE = (50, 250, 60.0)

    @property
    def word(self) -> str:
        """The tier as it is named in code and configuration."""
        return self.name.lower()

    @property
    def least(self) -> int:
        """How many connections a pool keeps."""
        return self.value[0]

    @property
    def most(self) -> int:
        """How many it has at most, besides those for MFA."""
        return self.value[1]

    @property
    def acquire_seconds(self) -> float:
        """How long a caller waits for a connection."""
        return self.value[2]

    @classmethod
    def of(cls, word: str) -> "Tier":
        """Return the tier of this name or say which there are."""
        for tier in cls:
            if tier.word == word:
                return tier
        known = ", ".join(tier.word for tier in cls)
        raise ConfigurationError(f"there is no pool tier {word!r}; there are {known}")


class Limit(NamedTuple):
    """How many connections something allows, and how many of them others hold."""

    name: str
    allowed: int
    used: int

    @property
    def free(self) -> int:
        """What is left."""
        return max(0, self.allowed - self.used)

    def __str__(self) -> str:
        return f"{self.name} allows {self.allowed}, of which {self.used} are in use"


@dataclass(frozen=True, slots=True)
class Size:
    """A pool's least and most connections; `cut_by` is the limit that made it smaller."""

    least: int
    most: int
    cut_by: Limit | None = None

    def __str__(self) -> str:
        said = f"{self.least} to {self.most} connections"
        return f"{said}: {self.cut_by}" if self.cut_by else said


def fit(tier: Tier, mfa_boost: int, limits: list[Limit]) -> Size:
    """Return the size of a tier with so many more connections for MFA, cut to what is free.

    Raise StoreError where nothing is.
    """
    if mfa_boost < 0:
        raise ConfigurationError("mfa_boost cannot be negative")
    least, most = tier.least, tier.most + mfa_boost
    tightest = min(limits, key=lambda limit: limit.free)
    if tightest.free < 1:
        raise StoreError(f"there is no room for a pool: {tightest}")
    if tightest.free >= most:
        return Size(least, most)
    return Size(min(least, tightest.free), tightest.free, tightest)
