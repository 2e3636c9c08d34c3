"""A pool that follows its load between the bounds of a tier.

pool = AdaptivePool("postgresql://app@db.internal/app", tier="production")
vault = Vault.connect(pool)
"""

import logging
import threading
import weakref
from collections.abc import Callable
from time import monotonic
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from reseal.errors import StoreError
from reseal.pool.governor import Figures, Governor, Rhythm
from reseal.pool.meter import Count, Meter
from reseal.pool.opening import prepared, sized
from reseal.pool.reading import Reading
from reseal.pool.scaling import Scale
from reseal.pool.tier import MFA_BOOST
from reseal.store import sample
from reseal.store.lender import Lender

_log = logging.getLogger("reseal.pool")

# Connections beyond a pool's size are closed one every so many seconds, if they are idle.
_SECONDS_BETWEEN_CLOSINGS = 0.05
# Whoever waits makes a new attempt; this one would come back ever later.
_SECONDS_OF_AN_ATTEMPT = 5.0
_SECONDS_TO_CHECK = 1.0


class AdaptivePool(ConnectionPool[Connection[Any]]):
    """Have 60 to 70 % of the connections in use; open more where somebody waits, close them later.

    It is a psycopg_pool of threads that is opened at once. It takes of the server only what is
    free, asks again each time it grows, and checks its idle connections.
    """

    def __init__(
        self,
        url: str | None = None,
        tier: str = "production",
        *,
        mfa_boost: int = MFA_BOOST,
        schema: str | None = None,
        source: str = "application",
        rhythm: Rhythm = Rhythm(),  # noqa: B008 - a frozen value
        clock: Callable[[], float] = monotonic,
        **options: Any,
    ) -> None:
        """Open as many connections as the tier has at least, by default on RESEAL_DATABASE_URL.

        With `schema`, that of Reseal's tables, figures are kept there under the name `source`,
        one for each instance. `options` go to psycopg_pool; `min_size` and `max_size` are the
        bounds in place of the tier's. `rhythm` says how often what is done, in seconds.
        """
        self.url, chosen, size = sized(url, tier, mfa_boost)
        most = options.get("max_size", chosen.most + mfa_boost)
        least = max(1, min(options.get("min_size", chosen.least), size.most, most))
        words = {
            "timeout": chosen.acquire_seconds,
            "check": ConnectionPool.check_connection,
            "max_idle": _SECONDS_BETWEEN_CLOSINGS,
            "reconnect_timeout": _SECONDS_OF_AN_ATTEMPT,
            **prepared(options),
        }
        self._meter = Meter(clock)
        self._clock = clock
        self._source = source
        self._lender = Lender(self, schema) if schema else None
        self._governor = Governor(Scale(least, most, rhythm.calm), least, rhythm, clock)
        self._seconds = rhythm.look
        self._ended = threading.Event()
        _log.info("pool of tier %s: %d to %d connections", chosen.word, least, most)
        super().__init__(self.url, min_size=least, max_size=least, open=False, **words)
        self.open()
        self._start()

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """Obtain a connection; `connection()` gives it back by itself."""
        began = self._clock()
        try:
            connection = super().getconn(timeout)
        except (PoolTimeout, TooManyRequests):
            self._meter.failed(self._clock() - began)
            raise
        self._meter.lent(self._clock() - began)
        return connection

    def putconn(self, conn: Connection[Any]) -> None:
        """Give a connection back."""
        super().putconn(conn)
        self._meter.returned()

    def close(self, timeout: float = 5.0) -> None:
        """Close the pool, and end the looks at it."""
        self._ended.set()
        super().close(timeout)

    def reading(self) -> Reading:
        """Return what the pool looks like now."""
        return self._governor.reading(self)

    def look(self) -> None:
        """Look at the load and follow it; a thread does so a few times a second."""
        self._governor.look(self)

    def figures(self) -> Figures:
        """Return what psycopg_pool counts."""
        said = self.get_stats()
        return Figures(
            open=said["pool_size"],
            idle=said["pool_available"],
            waiting=said["requests_waiting"],
            queued=said.get("requests_queued", 0),
            refused=said.get("connections_errors", 0),
            lost=said.get("connections_lost", 0),
        )

    def count(self) -> Count:
        """Return what callers were given."""
        return self._meter.read()

    def peak(self) -> int:
        """Return the most that were in use at once since this was asked last."""
        return self._meter.peak()

    def set_size(self, size: int) -> None:
        """Open what is missing; what is too much goes when nobody needs it."""
        self.resize(size, size)

    def renew(self) -> None:
        """Replace idle connections that do not answer, and open what is missing."""
        self.check()

    def is_sound(self) -> bool:
        """Try the idle connections one after the other; each is checked as it is handed out."""
        for _ in range(max(1, self.figures().idle)):
            if self.count().used and not self.figures().idle:
                # Those in use are tried by whoever uses them.
                break
            try:
                super().putconn(super().getconn(_SECONDS_TO_CHECK))
            except PoolTimeout:
                return False
        return True

    def tell(self, values: dict[str, float]) -> None:
        """Keep what was measured, where there is a schema for it."""
        if self._lender is None:
            return
        try:
            self._lender.transact((sample.adding(self._source, values),))
        except StoreError as error:
            _log.warning("what the pool measured could not be kept: %s", error)

    def _start(self) -> None:
        # The thread must not keep a pool alive that the application has dropped.
        ended = self._ended
        arguments = (weakref.ref(self, lambda _: ended.set()), ended, self._seconds)
        threading.Thread(target=_look_on, args=arguments, name="reseal pool", daemon=True).start()


def _look_on(pool: "weakref.ref[AdaptivePool]", ended: threading.Event, seconds: float) -> None:
    said = None
    while not ended.wait(seconds):
        living = pool()
        if living is None:
            return
        failure = _looked(living)
        del living
        if failure not in (None, said):
            _log.warning("looks at the pool fail, and it stays as it is: %s", failure)
        said = failure


def _looked(pool: AdaptivePool) -> str | None:
    try:
        pool.look()
    except Exception as error:
        return type(error).__name__
    return None
