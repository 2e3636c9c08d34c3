"""What the user model does, without any I/O: `Users` and `AsyncUsers` are its two shells."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reseal import totp
from reseal.errors import (
    FieldError,
    NoSecret,
    Replayed,
    ResealError,
    RowRefused,
    StoreError,
    Superseded,
    TokenError,
    WrongToken,
)
from reseal.field import Field
from reseal.fresh import fresh_key
from reseal.otpauth import OtpauthUri
from reseal.place import KeyPart, key_texts
from reseal.secret import Secret
from reseal.steps import Steps, transaction
from reseal.store import totp_use
from reseal.store.store import Statement
from reseal.store.user_table import Seen, UserTable
from reseal.used_steps import UsedSteps
from reseal.vault_core import NOT_MADE, Plaintext, VaultCore

RowKey = tuple[KeyPart, ...]

_log = logging.getLogger("reseal.users")

_ATTEMPTS = 3
# PostgreSQL manual, appendix A: a string is too long for its column.
_TOO_LONG = "22001"


@dataclass(frozen=True, slots=True)
class Account:
    """Which row a user is; `enabled` is None where no column tells it."""

    key: RowKey
    email: str
    enabled: bool | None


class UsersCore:
    """The users of one table, and what is done with their secrets."""

    def __init__(
        self,
        vault: VaultCore,
        field: Field,
        email: str,
        enabled: str | None,
        clock: Callable[[], float],
        *,
        upgrades: bool,
    ) -> None:
        self._vault = vault
        self._field = field
        self._names = email, enabled
        self._clock = clock
        self._upgrades = upgrades
        self._described: UserTable | None = None
        self._used = UsedSteps()

    def by_email(self, email: str) -> Steps[Account | None]:
        """Find a user by e-mail address."""
        table = yield from self._table()
        return (yield from self._found(table.finding(email)))

    def by_id(self, key: KeyPart | RowKey) -> Steps[Account | None]:
        """Find a user by row key."""
        table = yield from self._table()
        parts = key if isinstance(key, tuple) else (key,)
        if len(parts) != len(table.key):
            raise FieldError(f"the key of field {self._field.name!r} has {len(table.key)} parts")
        return (yield from self._found(table.locating(parts)))

    def generate(self, account: Account) -> Steps[str | bytes]:
        """Give a user a new secret and return it; no code of the old one counts any more."""
        made = fresh_key(self._field.format, account.email)
        is_refused = self._vault.policy is Plaintext.REFUSE
        if is_refused or (yield from self._vault.sealing_keyring()):
            stored = yield from self._vault.seal(self._field.name, account.key, made)
            try:
                yield from self._write(account, stored)
            except RowRefused as error:
                if is_refused or error.sqlstate != _TOO_LONG:
                    raise
            else:
                return made
        # Before the first run there is no key, or no room for envelopes in this column yet.
        yield from self._write(account, made)
        return made

    def uri(self, account: Account, issuer: str) -> Steps[OtpauthUri]:
        """Return the URI that a phone scans."""
        _, secret = yield from self._read(account)
        field = self._field
        text = totp.otpauth_uri(secret, field.format, account.email, issuer, field.totp)
        return OtpauthUri(text)

    def require(self, account: Account, token: str) -> Steps[None]:
        """Accept a token; raise NoSecret, WrongToken or Replayed where it is not to be."""
        given = _token(token)
        seen, secret = yield from self._read(account)
        field = self._field
        step = totp.step_of(secret, field.format, given, self._clock(), parameters=field.totp)
        if step is None:
            raise WrongToken("the token is not right, or not of this moment")
        if not (yield from self._use_up(account, step)):
            raise Replayed("the token was accepted before")
        if self._upgrades:
            yield from self._upgraded(account, seen, secret)

    def verify(self, account: Account, token: str) -> Steps[bool]:
        """Say whether a token is accepted; a user without a secret has none that is."""
        try:
            yield from self.require(account, token)
        except (WrongToken, Replayed, NoSecret):
            return False
        return True

    def enable(self, account: Account, token: str | None) -> Steps[bool]:
        """Switch MFA on; with a token only if that is accepted."""
        if token is not None and not (yield from self.verify(account, token)):
            return False
        # Without a secret in the row, nobody could log in any more.
        yield from self._read(account)
        table = yield from self._table()
        if table.enabled is not None:
            (found,) = yield transaction(table.enabling(account.key, True))
            self._need_row(found)
        return True

    def disable(self, account: Account) -> Steps[None]:
        """Switch MFA off and remove the secret, whatever it is; nothing is opened."""
        table = yield from self._table()
        yield from self._write(account, table.nothing, enabled=False)

    def reseal(self, account: Account) -> Steps[bool]:
        """Put a user's secret under the active key; False where it already is."""
        table = yield from self._table()
        if (yield from self._vault.sealing_keyring()) is None:
            raise self._vault.no_key()
        for _ in range(_ATTEMPTS):
            seen, secret = yield from self._read(account)
            if not (yield from self._vault.is_due(self._field.name, seen.stored)):
                return False
            stored = yield from self._vault.seal(self._field.name, account.key, secret.octets())
            (done,) = yield transaction(table.resealing(account.key, seen, stored, waits=True))
            if done:
                return True
        raise Superseded(f"a row of {self._field.name!r} changed each time that it was resealed")

    def _table(self) -> Steps[UserTable]:
        if self._described is None:
            self._described = yield from UserTable.described(self._field, *self._names)
        return self._described

    def _found(self, statement: Statement) -> Steps[Account | None]:
        (rows,) = yield transaction(statement)
        if len(rows) > 1:
            raise FieldError(f"{len(rows)} rows of {self._field.qualified_table} are that user")
        if not rows:
            return None
        *key, email, enabled = rows[0]
        return Account(tuple(key), email, enabled)

    def _read(self, account: Account) -> Steps[tuple[Seen, Secret]]:
        table = yield from self._table()
        (rows,) = yield transaction(table.looking(account.key))
        self._need_row(rows)
        seen = Seen(*rows[0])
        secret = yield from self._vault.read(self._field.name, account.key, seen.stored)
        return seen, secret

    def _write(
        self, account: Account, stored: str | bytes | None, enabled: bool | None = None
    ) -> Steps[None]:
        table = yield from self._table()
        (rows,) = yield transaction(table.replacing(account.key, stored, enabled))
        self._need_row(rows)
        yield from self._forget(account)

    def _need_row(self, rows: list[Any]) -> None:
        if not rows:
            raise NoSecret(f"the user is no longer in {self._field.qualified_table}")

    def _upgraded(self, account: Account, seen: Seen, secret: Secret) -> Steps[None]:
        name, table = self._field.name, (yield from self._table())
        try:
            if (yield from self._vault.is_due(name, seen.stored)):
                stored = yield from self._vault.seal(name, account.key, secret.octets())
                yield transaction(table.resealing(account.key, seen, stored))
        except ResealError as error:
            # The token was right: nobody is kept out because a row could not be written.
            _log.warning("a secret of %s stays as it is: %s", name, error)

    def _use_up(self, account: Account, step: int) -> Steps[bool]:
        try:
            (rows,) = yield transaction(
                totp_use.using(self._field.name, key_texts(account.key), step)
            )
        except StoreError as error:
            if error.sqlstate not in NOT_MADE:
                raise
            # The first run makes the table; until then this process remembers.
            return self._used.use(self._field.place(account.key), step)
        return bool(rows)

    def _forget(self, account: Account) -> Steps[None]:
        self._used.forget(self._field.place(account.key))
        try:
            yield transaction(totp_use.forgetting(self._field.name, key_texts(account.key)))
        except StoreError as error:
            if error.sqlstate not in NOT_MADE:
                raise


def _token(text: object) -> str:
    if not isinstance(text, str):
        raise TokenError(f"a token is a string of digits, not {type(text).__name__}")
    # Phones show a blank in the middle.
    return text.replace(" ", "")


class FoundUser:
    """A user as looked up, whichever way its secret is asked for."""

    def __init__(self, core: UsersCore, account: Account) -> None:
        self._core = core
        self._account = account

    @property
    def id(self) -> KeyPart | RowKey:
        """The row key, by itself where it has one part."""
        return self._account.key[0] if len(self._account.key) == 1 else self._account.key

    @property
    def email(self) -> str:
        """The e-mail address."""
        return self._account.email

    @property
    def mfa_enabled(self) -> bool | None:
        """Whether MFA was on when the user was looked up; None where no column tells it."""
        return self._account.enabled

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"
