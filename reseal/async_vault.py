"""The vault for asyncio: what `Vault` is for threads, on an asyncio pool.

vault = await AsyncVault.connect(pool, "reseal.toml", kek="env:RESEAL_KEK")
stored = await vault.seal("users.mfa_secret", 42, "JBSWY3DPEHPK3PXP")
secret = await vault.read("users.mfa_secret", 42, stored)
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from reseal.config import Config
from reseal.errors import ResealError, StoreError
from reseal.given import Key, Value
from reseal.kek import Kek
from reseal.secret import Secret
from reseal.steps import Apart, Ask, Renewal, Transaction, drive_async
from reseal.store.lender import AsyncLender
from reseal.vault import SECONDS_BETWEEN_BEATS, prepared
from reseal.vault_core import Plaintext, VaultCore

if TYPE_CHECKING:
    from psycopg_pool import AsyncConnectionPool

_log = logging.getLogger("reseal.vault")


class AsyncVault:
    """Seal and read the secrets of the configured fields; one for all tasks of an event loop."""

    def __init__(self, core: VaultCore, lender: AsyncLender) -> None:
        self.core = core
        self._lender = lender
        self._lock = asyncio.Lock()
        self._beating: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls,
        pool: "AsyncConnectionPool[Any]",
        fields: Config | Path | str = "reseal.toml",
        kek: Kek | str = "env:RESEAL_KEK",
        schema: str | None = None,
        *,
        plaintext: str = Plaintext.ALLOW,
        seals: bool = True,
        beats: float | None = SECONDS_BETWEEN_BEATS,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Load the keys through the application's own pool; the words are those of `Vault`."""
        core = await asyncio.to_thread(prepared, fields, kek, plaintext, clock, seals=seals)
        vault = cls(core, AsyncLender(pool, schema or core.config.schema))
        await vault.refresh()
        if beats is not None:
            vault._beating = asyncio.create_task(vault._beat_on(beats))
        return vault

    @property
    def config(self) -> Config:
        """The fields that it seals and reads."""
        return self.core.config

    @property
    def schema(self) -> str:
        """The schema of Reseal's own tables."""
        return self._lender.schema

    async def can_seal(self) -> bool:
        """Say whether there is an active data key; there is none before the first encryption."""
        return await drive_async(self.core.sealing_keyring(), self.answer) is not None

    async def seal(self, field: str, key: Key, plain: Value) -> str:
        """Return what to store in the row; raise KeyringError until there is a key."""
        return await drive_async(self.core.seal(field, key, plain), self.answer)

    async def read(self, field: str, key: Key, stored: Value | None) -> Secret:
        """Return the secret that a row holds, sealed or, if the policy allows it, legacy."""
        secret = self.core.at_hand(field, key, stored)
        if secret is not None:
            return secret
        return await drive_async(self.core.read(field, key, stored), self.answer)

    async def refresh(self) -> None:
        """Load the keys anew; where that fails, those that are loaded stay."""
        await self._renew(Renewal(lambda: True))

    async def heartbeat(self, *, seals: bool | None = None) -> bool:
        """Tell runs what this instance opens, and how often it did; False where nobody listens."""
        return await drive_async(self.core.beat(seals=seals), self.answer)

    async def close(self) -> None:
        """End the looks in the background, and tell runs that this instance is gone."""
        if self._beating:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating
        try:
            await drive_async(self.core.leave(), self.answer)
        except StoreError as error:
            # Runs take it for gone two minutes later.
            _log.warning("the end of this instance could not be told: %s", error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def answer(self, ask: Ask) -> Any:
        """Do what a piece of work needs of this event loop."""
        match ask:
            case Transaction(statements):
                return await self._lender.transact(statements)
            case Apart(call):
                # It may speak with a key service, for which the loop must not wait.
                return await asyncio.to_thread(call)
            case Renewal():
                return await self._renew(ask)

    async def _renew(self, renewal: Renewal) -> None:
        async with self._lock:
            if renewal.is_due():
                await drive_async(self.core.load(), self.answer)

    async def _beat_on(self, seconds: float) -> None:
        while True:
            for work in (self.refresh, self.heartbeat):
                try:
                    await work()
                except ResealError as error:
                    # What is loaded still opens and seals; the next beat tries again.
                    _log.warning("%s in the background failed: %s", work.__name__, error)
            await asyncio.sleep(seconds)
