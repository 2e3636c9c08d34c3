"""Connection pools in four tiers, never larger than the server has room for.

pool = reseal.open_pool("postgresql://app@db.internal/app", tier="production")
vault = reseal.Vault.connect(pool)
"""

import logging
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from reseal.errors import ConfigurationError, SettingsError, StoreError
from reseal.settings import Settings
from reseal.store.connection import Connection as OwnConnection

# Connections that only superusers or pg_use_reserved_connections may take are not ours; -1 is no
# limit. What other sessions hold is counted over the whole server, as `max_connections` is.
ROOM = """
SELECT current_setting('max_connections')::int
         - current_setting('superuser_reserved_connections')::int
         - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0),
       (SELECT count(*) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()),
       (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()),
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
       (SELECT count(*) FROM pg_stat_activity
        WHERE usename = current_user AND pid <> pg_backend_pid())
"""

_log = logging.getLogger("reseal.pool")


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
    least, most = tier.value[0], tier.value[1] + mfa_boost
    tightest = min(limits, key=lambda limit: limit.free)
    if tightest.free < 1:
        raise StoreError(f"there is no room for a pool: {tightest}")
    if tightest.free >= most:
        return Size(least, most)
    return Size(min(least, tightest.free), tightest.free, tightest)


def open_pool(
    url: str | None = None, tier: str = "production", *, mfa_boost: int = 10, **options: Any
) -> "ConnectionPool[Connection[Any]]":
    """Open a pool on a database, by default the one of RESEAL_DATABASE_URL.

    Each connection is checked before it is handed out, and prepares no statements by itself: a
    run may widen the column, and a prepared plan would then refuse to give its rows. `options` go
    to psycopg_pool. What was made of the tier is logged under `reseal.pool`.
    """
    url, chosen, words = _asked(url, tier, mfa_boost, options)
    return ConnectionPool(url, check=ConnectionPool.check_connection, open=True, **chosen, **words)


async def open_async_pool(
    url: str | None = None, tier: str = "production", *, mfa_boost: int = 10, **options: Any
) -> "AsyncConnectionPool[AsyncConnection[Any]]":
    """Open the same pool for asyncio."""
    url, chosen, words = _asked(url, tier, mfa_boost, options)
    check = AsyncConnectionPool.check_connection
    pool: AsyncConnectionPool[AsyncConnection[Any]]
    pool = AsyncConnectionPool(url, check=check, open=False, **chosen, **words)
    await pool.open()
    return pool


def limits_of(url: str) -> list[Limit]:
    """Ask the server how many connections it, the database and the role still allow."""
    connection = OwnConnection.open(url, "reseal pool", read_only=True)
    try:
        row = connection.execute(ROOM).fetchone()
    finally:
        connection.close()
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    named = zip(("the server", "the database", "the role"), row[::2], row[1::2], strict=True)
    return [Limit(name, allowed, used) for name, allowed, used in named if allowed >= 0]


def _asked(
    url: str | None, word: str, mfa_boost: int, options: dict[str, Any]
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    tier = Tier.of(word)
    url = url or Settings.from_environment().database_url
    if url is None:
        raise SettingsError("there is no database to open a pool on; set RESEAL_DATABASE_URL")
    size = fit(tier, mfa_boost, limits_of(url))
    level = logging.WARNING if size.cut_by else logging.INFO
    _log.log(level, "pool of tier %s: %s", tier.word, size)
    chosen = {"min_size": size.least, "max_size": size.most, "timeout": tier.acquire_seconds}
    return (
        url,
        {**chosen, **{k: options[k] for k in chosen if k in options}},
        {
            **{word: value for word, value in options.items() if word not in chosen},
            "kwargs": {"prepare_threshold": None, **options.get("kwargs", {})},
        },
    )
