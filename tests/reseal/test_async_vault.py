"""The vault for asyncio: the same core, on an event loop that nothing holds up."""

import asyncio
import threading
from dataclasses import replace

import pytest
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from reseal import AsyncVault, Envelope, Secret, Vault
from reseal.config import parse_config
from reseal.errors import (
    ConfigurationError,
    PlaintextRefused,
    UnknownKeyVersion,
    Unreachable,
    WillNotOpen,
)
from reseal.store import aside
from tests.conftest import SENTINEL, USERS_FIELD
from tests.reseal.key_scene import KeyScene

FIELD = "users.mfa_secret"
SECRET, ROWS = Secret(SENTINEL), range(20)


@pytest.fixture
def on_loop(database, config, access):
    """Run a test on an event loop, with a vault on a pool of it."""

    def run(test, fields=config, kek=None, **options):
        async def whole():
            rows = {"row_factory": dict_row}
            async with AsyncConnectionPool(database, min_size=1, open=False, kwargs=rows) as pool:
                options.setdefault("beats", None)
                key = kek or access.kek()
                async with await AsyncVault.connect(pool, fields, key, **options) as vault:
                    return await test(vault)

        return asyncio.run(whole())

    return run


class SlowKek:
    """A KEK that answers only when it is told to, and counts."""

    def __init__(self, kek):
        self.kek, self.asked, self.may_answer = kek, 0, threading.Event()
        self.may_answer.set()
        self.uri = kek.uri

    def wrap(self, material, context):
        return self.kek.wrap(material, context)

    def unwrap(self, wrapped, context):
        self.asked += 1
        assert self.may_answer.wait(20)
        return self.kek.unwrap(wrapped, context)


def test_what_is_sealed_is_read_back_by_both_kinds_of_vault(store, on_loop, access, config):
    async def test(vault):
        assert await vault.can_seal()
        stored = await vault.seal(FIELD, 42, SENTINEL)
        assert (await vault.read(FIELD, 42, stored)).reveal() == SENTINEL
        with pytest.raises(WillNotOpen):
            await vault.read(FIELD, 43, stored)
        return stored

    stored = on_loop(test)

    place = config.field(FIELD).place((42,))
    opened = access.keyring(store).open(place, Envelope.parse(stored))
    assert opened.reveal() == SENTINEL


def test_of_many_tasks_that_meet_a_new_version_one_looks(store, on_loop, access, scene):
    kek = SlowKek(access.kek())

    async def test(vault):
        KeyScene(scene).next_key()
        keyring = access.keyring(store)
        envelopes = [str(keyring.seal(vault.config.field(FIELD).place((n,)), SECRET)) for n in ROWS]
        asked = kek.asked
        opened = await asyncio.gather(*(vault.read(FIELD, n, envelopes[n]) for n in ROWS))
        assert all(secret.matches(SECRET) for secret in opened)
        assert kek.asked == asked + 2, "once for each key"

    on_loop(test, kek=kek)


def test_a_key_service_that_takes_its_time_does_not_hold_the_loop_up(store, on_loop, access):
    kek = SlowKek(access.kek())

    async def test(vault):
        stored = await vault.seal(FIELD, 1, SENTINEL)
        kek.may_answer.clear()
        refreshing = asyncio.create_task(vault.refresh())
        for _ in range(50):
            await asyncio.sleep(0.001)
            assert (await vault.read(FIELD, 1, stored)).reveal() == SENTINEL
        assert not refreshing.done()
        kek.may_answer.set()
        await refreshing

    on_loop(test, kek=kek)


def test_an_unknown_version_is_an_error_and_not_asked_for_at_every_read(store, on_loop, access):
    kek, now = SlowKek(access.kek()), 0.0

    async def test(vault):
        nonlocal now
        sealed = Envelope.parse(await vault.seal(FIELD, 1, SENTINEL))
        text = str(replace(sealed, key_version=7))
        asked = kek.asked
        for _ in range(5):
            with pytest.raises(UnknownKeyVersion):
                await vault.read(FIELD, 1, text)
        assert kek.asked == asked + 1
        now = 1.0
        with pytest.raises(UnknownKeyVersion):
            await vault.read(FIELD, 1, text)
        assert kek.asked == asked + 2

    on_loop(test, kek=kek, clock=lambda: now)


def test_it_beats_in_the_background_and_leaves_at_the_end(store, on_loop, admin, scene):
    def live():
        return admin.execute("SELECT count(*) FROM reseal.reader").fetchone()[0]

    async def test(vault):
        version, _ = KeyScene(scene).keys.stage()
        for _ in range(500):
            if version in vault.core.keyring.check_values and live():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it did not beat")

    on_loop(test, beats=0.02)
    assert live() == 0


def test_an_envelope_that_is_kept_aside_is_written_and_fetched(store, on_loop):
    fields = parse_config({"field": [{**USERS_FIELD, "store": "side"}]})

    async def test(vault):
        stored = await vault.seal(FIELD, 1, SENTINEL)
        assert aside.is_mark(stored)
        assert (await vault.read(FIELD, 1, stored)).reveal() == SENTINEL
        with pytest.raises(WillNotOpen):
            await vault.read(FIELD, 1, aside.fresh_mark(1))

    on_loop(test, fields=fields)


def test_the_policy_and_what_is_wrong_with_it(store, on_loop):
    async def test(vault):
        with pytest.raises(PlaintextRefused, match="which the policy refuses"):
            await vault.read(FIELD, 1, SENTINEL)

    on_loop(test, plaintext="refuse")
    with pytest.raises(ConfigurationError, match="plaintext must be one of"):
        on_loop(test, plaintext="forbid")


def test_before_the_first_run_there_is_no_key_and_nobody_to_tell(on_loop):
    async def test(vault):
        assert not await vault.can_seal()
        assert await vault.heartbeat() is False
        assert (await vault.read(FIELD, 1, SENTINEL)).reveal() == SENTINEL

    on_loop(test)


def test_a_database_that_is_away_is_one_type_of_error_and_no_login_waits_for_it(
    store, on_loop, access
):
    async def test(vault):
        stored = await vault.seal(FIELD, 1, SENTINEL)
        await vault._lender._pool.close()
        assert (await vault.read(FIELD, 1, stored)).reveal() == SENTINEL
        with pytest.raises(Unreachable, match="closed the pool"):
            await vault.refresh()

    on_loop(test)


def test_both_vaults_have_the_same_words():
    def words(vault):
        return {name for name in vars(vault) if not name.startswith("_")}

    assert words(Vault) == words(AsyncVault)
