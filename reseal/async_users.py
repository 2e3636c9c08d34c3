"""The user model for asyncio: what `Users` is for threads, on an asyncio pool.

users = AsyncUsers(pool, vault, field="users.mfa_secret")
user = await users.by_email("ada@example.com")
await user.verify_mfa_token("492039")
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from reseal.async_vault import AsyncVault
from reseal.otpauth import OtpauthUri
from reseal.place import KeyPart
from reseal.steps import Ask, Steps, Transaction, drive_async
from reseal.store.lender import AsyncBorrower, AsyncLender, OnAsyncConnection
from reseal.users_core import Account, FoundUser, RowKey, UsersCore

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

Found = TypeVar("Found")


class AsyncUsers:
    """Find the users of a table; one for all tasks of an event loop."""

    def __init__(
        self,
        pool: "AsyncConnectionPool[Any]",
        vault: AsyncVault,
        field: str = "users.mfa_secret",
        *,
        email: str = "email",
        enabled: str | None = "mfa_enabled",
        upgrades: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Describe the table by its field; the words are those of `Users`."""
        described = vault.config.field(field)
        self._vault = vault
        self._borrower: AsyncBorrower = AsyncLender(pool, vault.schema)
        self._core = UsersCore(vault.core, described, email, enabled, clock, upgrades=upgrades)

    def on(self, connection: "AsyncConnection[Any]") -> "AsyncUsers":
        """Return the same users on a connection of the application's, in its transaction."""
        same = object.__new__(type(self))
        same._vault, same._core = self._vault, self._core
        same._borrower = OnAsyncConnection(connection, self._vault.schema)
        return same

    async def by_email(self, email: str) -> "AsyncUser | None":
        """Find a user by e-mail address, spelled as it stands in the table."""
        return self._user(await self.do(self._core.by_email(email)))

    async def by_id(self, key: KeyPart | RowKey) -> "AsyncUser | None":
        """Find a user by row key."""
        return self._user(await self.do(self._core.by_id(key)))

    async def do(self, steps: Steps[Found]) -> Found:
        """Do a piece of work on the users' table and the vault's keys."""
        return await drive_async(steps, self._answer)

    async def _answer(self, ask: Ask) -> Any:
        if isinstance(ask, Transaction):
            return await self._borrower.transact(ask.statements)
        return await self._vault.answer(ask)

    def _user(self, account: Account | None) -> "AsyncUser | None":
        return AsyncUser(self, self._core, account) if account else None


class AsyncUser(FoundUser):
    """One user; the object holds no secret. The words are those of `User`."""

    def __init__(self, users: AsyncUsers, core: UsersCore, account: Account) -> None:
        super().__init__(core, account)
        self._users = users

    async def generate_mfa_secret(self) -> str | bytes:
        """Make a new secret, store it sealed, and return it, once, for enrolment."""
        return await self._users.do(self._core.generate(self._account))

    async def get_mfa_qr_code_uri(self, issuer: str) -> OtpauthUri:
        """Return the URI that enrols a phone; its `qr_svg()` and `qr_png()` draw it."""
        return await self._users.do(self._core.uri(self._account, issuer))

    async def verify_mfa_token(self, token: str) -> bool:
        """Say whether a token is accepted: right, give or take a step, and never used before."""
        return await self._users.do(self._core.verify(self._account, token))

    async def require_mfa_token(self, token: str) -> None:
        """Accept a token, or raise WrongToken, Replayed or NoSecret."""
        await self._users.do(self._core.require(self._account, token))

    async def enable_mfa(self, token: str | None = None) -> bool:
        """Switch MFA on, with a token only if that is accepted; raise NoSecret without a secret."""
        return await self._users.do(self._core.enable(self._account, token))

    async def disable_mfa(self) -> None:
        """Switch MFA off and remove the secret, also one that does not open."""
        await self._users.do(self._core.disable(self._account))

    async def rotate_encryption_key(self) -> bool:
        """Put this user's secret under the active key; False where it already is."""
        return await self._users.do(self._core.reseal(self._account))
