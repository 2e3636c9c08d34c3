"""Pools of a fixed size, opened in a tier."""

import logging
from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from reseal.errors import SettingsError
from reseal.pool.room import limits_of
from reseal.pool.tier import MFA_BOOST, Size, Tier, fit
from reseal.settings import Settings

_log = logging.getLogger("reseal.pool")

# Of what a caller may say, what the tier says otherwise.
_CHOSEN = ("min_size", "max_size", "timeout")


def open_pool(
    url: str | None = None, tier: str = "production", *, mfa_boost: int = MFA_BOOST, **options: Any
) -> "ConnectionPool[Connection[Any]]":
    """Open a pool on a database, by default the one of RESEAL_DATABASE_URL.

    Each connection is checked before it is handed out, and prepares no statements by itself: a
    run may widen the column, and a prepared plan would then refuse to give its rows. `options` go
    to psycopg_pool. What was made of the tier is logged under `reseal.pool`.
    """
    url, chosen, words = _asked(url, tier, mfa_boost, options)
    return ConnectionPool(url, check=ConnectionPool.check_connection, open=True, **chosen, **words)


async def open_async_pool(
    url: str | None = None, tier: str = "production", *, mfa_boost: int = MFA_BOOST, **options: Any
) -> "AsyncConnectionPool[AsyncConnection[Any]]":
    """Open the same pool for asyncio."""
    url, chosen, words = _asked(url, tier, mfa_boost, options)
    check = AsyncConnectionPool.check_connection
    pool: AsyncConnectionPool[AsyncConnection[Any]]
    pool = AsyncConnectionPool(url, check=check, open=False, **chosen, **words)
    await pool.open()
    return pool


def sized(url: str | None, word: str, mfa_boost: int) -> tuple[str, Tier, Size]:
    """Return the database, the tier, and how many connections of it there is room for."""
    tier = Tier.of(word)
    url = url or Settings.from_environment().database_url
    if url is None:
        raise SettingsError("there is no database to open a pool on; set RESEAL_DATABASE_URL")
    return url, tier, fit(tier, mfa_boost, limits_of(url))


def prepared(options: dict[str, Any]) -> dict[str, Any]:
    """Return what goes to psycopg_pool besides size and patience."""
    return {
        **{word: value for word, value in options.items() if word not in _CHOSEN},
        "kwargs": {"prepare_threshold": None, **options.get("kwargs", {})},
    }


def _asked(
    url: str | None, word: str, mfa_boost: int, options: dict[str, Any]
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    url, tier, size = sized(url, word, mfa_boost)
    level = logging.WARNING if size.cut_by else logging.INFO
    _log.log(level, "pool of tier %s: %s", tier.word, size)
    found = (size.least, size.most, tier.acquire_seconds)
    chosen = dict(zip(_CHOSEN, found, strict=True))
    return url, {**chosen, **{k: options[k] for k in _CHOSEN if k in options}}, prepared(options)
