"""The user model: generate, verify, show as a QR code, reseal, switch on and off.

    users = Users(pool, vault, field="users.mfa_secret")
    user = users.by_email("ada@example.com")
    user.generate_mfa_secret()
    user.verify_mfa_token("492039")
    user.get_mfa_qr_code_uri("Acme").qr_svg()

Legacy plaintext is verified like an envelope, and sealed after a token was accepted, if the row
still is the one that was read.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from reseal.otpauth import OtpauthUri
from reseal.place import KeyPart
from reseal.steps import Ask, Steps, Transaction, drive
from reseal.store.lender import Borrower, Lender, OnConnection
from reseal.users_core import Account, FoundUser, RowKey, UsersCore
from reseal.vault import Vault

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

Found = TypeVar("Found")


class Users:
    """Find the users of a table; one for all threads of a process."""

    def __init__(
        self,
        pool: "ConnectionPool[Any]",
        vault: Vault,
        field: str = "users.mfa_secret",
        *,
        email: str = "email",
        enabled: str | None = "mfa_enabled",
        upgrades: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Describe the table by its field; `email` and `enabled` name two more of its columns.

        `enabled=None` where no column tells whether MFA is on. `upgrades=False` leaves legacy
        plaintext and older envelopes as they are. `clock` gives seconds since 1970.
        """
        described = vault.config.field(field)
        self._vault = vault
        self._borrower: Borrower = Lender(pool, vault.schema)
        self._core = UsersCore(vault.core, described, email, enabled, clock, upgrades=upgrades)

    def on(self, connection: "Connection[Any]") -> "Users":
        """Return the same users on a connection of the application's, in its transaction.

        For a user whose row that transaction has made or holds. A code is used up only when it
        commits.
        """
        same = object.__new__(type(self))
        same._vault, same._core = self._vault, self._core
        same._borrower = OnConnection(connection, self._vault.schema)
        return same

    def by_email(self, email: str) -> "User | None":
        """Find a user by e-mail address, spelled as it stands in the table."""
        return self._user(self.do(self._core.by_email(email)))

    def by_id(self, key: KeyPart | RowKey) -> "User | None":
        """Find a user by row key."""
        return self._user(self.do(self._core.by_id(key)))

    def do(self, steps: Steps[Found]) -> Found:
        """Do a piece of work on the users' table and the vault's keys."""
        return drive(steps, self._answer)

    def _answer(self, ask: Ask) -> Any:
        if isinstance(ask, Transaction):
            return self._borrower.transact(ask.statements)
        return self._vault.answer(ask)

    def _user(self, account: Account | None) -> "User | None":
        return User(self, self._core, account) if account else None


class User(FoundUser):
    """One user; the object holds no secret."""

    def __init__(self, users: Users, core: UsersCore, account: Account) -> None:
        super().__init__(core, account)
        self._users = users

    def generate_mfa_secret(self) -> str | bytes:
        """Make a new secret, store it sealed, and return it, once, for enrolment.

        Before the first run there is no key, and it is stored as it always was.
        """
        return self._users.do(self._core.generate(self._account))

    def get_mfa_qr_code_uri(self, issuer: str) -> OtpauthUri:
        """Return the URI that enrols a phone; its `qr_svg()` and `qr_png()` draw it."""
        return self._users.do(self._core.uri(self._account, issuer))

    def verify_mfa_token(self, token: str) -> bool:
        """Say whether a token is accepted: right, give or take a step, and never used before.

        A secret that does not open raises; it is an operator's to mend, and no wrong token.
        """
        return self._users.do(self._core.verify(self._account, token))

    def require_mfa_token(self, token: str) -> None:
        """Accept a token, or raise WrongToken, Replayed or NoSecret."""
        self._users.do(self._core.require(self._account, token))

    def enable_mfa(self, token: str | None = None) -> bool:
        """Switch MFA on, with a token only if that is accepted; raise NoSecret without a secret."""
        return self._users.do(self._core.enable(self._account, token))

    def disable_mfa(self) -> None:
        """Switch MFA off and remove the secret, also one that does not open."""
        self._users.do(self._core.disable(self._account))

    def rotate_encryption_key(self) -> bool:
        """Put this user's secret under the active key; False where it already is."""
        return self._users.do(self._core.reseal(self._account))
