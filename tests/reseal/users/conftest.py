"""Users of a table, for threads and for asyncio, with a clock of the test's own."""

import asyncio
import inspect
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from reseal import AsyncUsers, AsyncVault, Users, Vault
from tests.conftest import SENTINEL
from tests.reseal.users.said import ADA, INSERT, NOW, STORED


class Clock:
    now = float(NOW)

    def __call__(self):
        return self.now


class OnLoop:
    """An object of the asyncio twin, whose coroutines are run to their end at once."""

    def __init__(self, loop, it):
        self._loop, self._it = loop, it

    def __getattr__(self, name):
        found = getattr(self._it, name)
        if not inspect.ismethod(found):
            return found

        def call(*args, **words):
            result = found(*args, **words)
            if inspect.isawaitable(result):
                result = self._loop.run_until_complete(result)
            is_ours = type(result).__module__.startswith("reseal.async")
            return OnLoop(self._loop, result) if is_ours else result

        return call


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["threads", "asyncio"])
def connect(request, database, config, access, clock):
    """Make the users of a table, with a vault of their own, on threads or on an event loop."""
    rows = {"row_factory": dict_row}
    made: list[Callable[[], Any]] = []
    loop = asyncio.new_event_loop()

    def on_threads(fields, words, kek):
        pool = ConnectionPool(database, min_size=1, max_size=4, kwargs=rows, open=True)
        made.append(pool.close)
        vault = Vault.connect(pool, fields, kek, beats=None, **words)
        return partial(Users, pool, vault, clock=clock)

    def on_loop(fields, words, kek):
        async def opened():
            pool = AsyncConnectionPool(database, min_size=1, max_size=4, kwargs=rows, open=False)
            await pool.open()
            vault = await AsyncVault.connect(pool, fields, kek, beats=None, **words)
            return pool, AsyncUsers, vault

        pool, kind, vault = loop.run_until_complete(opened())
        made.append(lambda: loop.run_until_complete(pool.close()))
        return lambda **more: OnLoop(loop, kind(pool, vault, clock=clock, **more))

    makers = {"threads": on_threads, "asyncio": on_loop}

    def connected(fields=config, *, vault=None, kek=None, **more):
        return makers[request.param](fields, vault or {}, kek or access.kek())(**more)

    yield connected
    for close in made:
        close()
    loop.close()


@pytest.fixture
def users(store, connect):
    return connect()


@pytest.fixture
def enrolled(admin):
    """Users as the application enrolled them, with plaintext."""

    def enrol(email=ADA, secret=SENTINEL, enabled=True):
        return admin.execute(INSERT, [email, enabled, secret]).fetchone()[0]

    return enrol


@pytest.fixture
def stored(admin):
    return lambda email=ADA: admin.execute(STORED, [email]).fetchone()[0]


@pytest.fixture
def on_pool(store, database, config, access, clock):
    """Users of threads on a pool of this size, for the length of a block."""

    @contextmanager
    def opened(most):
        with ConnectionPool(database, min_size=1, max_size=most) as pool:
            vault = Vault.connect(pool, config, access.kek(), beats=None)
            yield Users(pool, vault, clock=clock), pool

    return opened
