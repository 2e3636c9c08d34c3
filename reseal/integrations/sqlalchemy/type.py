"""Types of sealed columns: one that seals by itself, and one that lets nothing unsealed pass."""

from functools import cache
from typing import Any

from sqlalchemy import Text
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.sql.operators import eq, is_, is_not, ne
from sqlalchemy.types import TypeDecorator, TypeEngine

from reseal.errors import FieldError, ResealError
from reseal.integrations.sqlalchemy.vaults import FieldVault, GivenVault
from reseal.secret import Secret


class Unsealed:
    """A new secret in the clear: it waits for its row's key, or is stored as it is.

    `may_pass`: it was found that it cannot be sealed yet and need not be.
    """

    __slots__ = ("is_text", "may_pass", "secret")

    def __init__(self, plain: str | bytes, *, may_pass: bool = False) -> None:
        self.secret = Secret(plain)
        self.is_text = isinstance(plain, str)
        self.may_pass = may_pass

    def plain(self) -> str | bytes:
        """Return the secret."""
        return self.secret.reveal() if self.is_text else self.secret.octets()

    def __repr__(self) -> str:
        return "Unsealed(***)"


def unwrapped(error: ResealError) -> ResealError:
    """Have SQLAlchemy pass an error on as it is.

    Its own error around one that is raised here would print the statement's parameters, which are
    still in the clear.
    """
    kind: Any = type(error)
    error.__class__ = _unwrapped(kind)
    return error


@cache
def _unwrapped(kind: Any) -> Any:
    def as_it_was(error: ResealError) -> tuple[Any, ...]:
        return (kind, *kind.__reduce__(error)[1:])

    words = {"__module__": kind.__module__, "__reduce__": as_it_was}
    return type(kind.__name__, (kind, DontWrapMixin), words)


class Refusing(TypeDecorator.Comparator[Any]):
    """Refuse whatever compares secrets by their envelopes."""

    def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
        """Let through the question whether there is a secret."""
        if op not in (is_, is_not, eq, ne) or other[0] is not None:
            raise FieldError(
                "a sealed column cannot be searched or sorted by its value; find the row by "
                "its key and compare the secret"
            )
        return super().operate(op, *other, **kwargs)


class SealedColumn(TypeDecorator[Any]):
    """The type of a column behind a sealed attribute: what was not sealed there does not pass.

    A statement on many rows, an insert of dictionaries and a bulk update go past the attribute and
    know no row.
    """

    impl = Text
    cache_ok = True
    comparator_factory = Refusing

    def __init__(self, held: FieldVault, declared: TypeEngine[Any]) -> None:
        super().__init__()
        self.held = held
        self._declared = declared

    def load_dialect_impl(self, dialect: Any) -> Any:
        """Be to the driver what the column was declared as."""
        return dialect.type_descriptor(self._declared)

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Let pass what is sealed, what is no secret, and plaintext before the first run."""
        waits = isinstance(value, Unsealed)
        if waits and value.may_pass:
            return value.plain()
        if (waits or self.held.has_plain(value)) and self.held.must_seal:
            raise unwrapped(
                self.held.refuse(
                    "is sealed for its row, which this statement does not tell; assign it to an "
                    "object, or seal it with `vault.seal` first"
                )
            )
        return value.plain() if waits else value

    def process_literal_param(self, value: Any, dialect: Any) -> str:
        """Show a statement with its values, but not a secret."""
        # To raise would have SQLAlchemy print the value in an error of its own.
        is_secret = isinstance(value, Unsealed) or self.held.has_plain(value)
        return "(a secret)" if is_secret else str(value)


class SealedText(TypeDecorator[str]):
    """Text that is sealed on its way into the column and opened on its way out.

    Rows are opened as they are loaded, so one that does not open fails the query; `seal` does not
    have that fault. An unchanged secret keeps its envelope, because SQLAlchemy does not write it.
    """

    impl = Text
    cache_ok = True

    comparator_factory = Refusing

    def __init__(self, field: str, vault: GivenVault) -> None:
        super().__init__()
        self.field = field
        self.vault = vault

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Seal a secret; let through nothing, and what is sealed."""
        try:
            held = self._held()
            return str(held.sealed((), value)) if held.has_plain(value) else value  # type: ignore[arg-type]
        except ResealError as error:
            raise unwrapped(error) from None

    def process_literal_param(self, value: str | None, dialect: Any) -> str:
        """Show a statement with its values, but not a secret."""
        is_secret = FieldVault(self.field, self.vault).has_plain(value)
        return "(a secret)" if is_secret else str(value)

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        """Open what is stored."""
        return None if value is None else str(self._held().opened((), value))

    def _held(self) -> FieldVault:
        held = FieldVault(self.field, self.vault)
        if held.field.binds_row:
            raise FieldError(
                f"field {self.field!r} binds its rows, of which a column type is told nothing; "
                'use seal(), or write bind = "field" in reseal.toml before the first run'
            )
        return held
