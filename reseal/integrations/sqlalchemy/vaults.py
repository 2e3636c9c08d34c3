"""The vault of a model: given, or made when it is first asked for."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Column

from reseal.document import Leaf, NotADocument, escaped, leaves
from reseal.errors import FieldError, PlaintextRefused
from reseal.field import Field
from reseal.given import is_sealed
from reseal.place import KeyPart
from reseal.vault import Vault
from reseal.vault_core import Plaintext

GivenVault = Vault | Callable[[], Vault]
RowKey = tuple[KeyPart, ...]


class FieldVault:
    """A vault for the values of one field: secrets, or documents whose leaves are secrets."""

    def __init__(self, name: str, given: GivenVault, column: Column[Any] | None = None) -> None:
        self.name = name
        self._given = given
        self._column = column

    @property
    def vault(self) -> Vault:
        """The vault; one that a function returns is asked for each time."""
        return self._given if isinstance(self._given, Vault) else self._given()

    @property
    def field(self) -> Field:
        """What reseal.toml says of the column; raise FieldError where it is said of another."""
        field, column = self.vault.config.field(self.name), self._column
        if column is not None and (column.table.name, column.name) != (field.table, field.column):
            raise FieldError(
                f"{column} is sealed as {self.name!r}, which in reseal.toml is "
                f"{field.table}.{field.column}; no run would find it there"
            )
        return field

    @property
    def must_seal(self) -> bool:
        """Whether nothing may be stored in the clear: there is a key, or the policy says so."""
        return self.vault.can_seal or self.refuses_plaintext

    @property
    def refuses_plaintext(self) -> bool:
        """Whether plaintext may be neither stored nor read."""
        return self.vault.core.policy is Plaintext.REFUSE

    def has_plain(self, value: object) -> bool:
        """Say whether there is a secret in the clear: not empty and not sealed."""
        return any(not self._is_sealed(leaf) for leaf in self._secrets(value))

    def opened(self, key: RowKey, stored: str | bytes) -> str | bytes:
        """Return the value with its secrets opened, in the type of the column."""
        secrets = self._secrets(stored)
        if isinstance(stored, bytes):
            return self.vault.read(self.name, key, stored).octets() if secrets else stored
        return _spliced(
            stored,
            ((leaf, self.vault.read(self.name, key, leaf.text).reveal()) for leaf in secrets),
        )

    def sealed(self, key: RowKey, plain: str | bytes) -> str | bytes:
        """Return what to store; before the first run that is the value as it always was."""
        if not self.must_seal:
            return plain
        if isinstance(plain, bytes):
            return self.vault.seal(self.name, key, plain).encode()
        unsealed = [leaf for leaf in self._secrets(plain) if not self._is_sealed(leaf)]
        sealed = (self.vault.seal(self.name, key, leaf.text or "") for leaf in unsealed)
        return _spliced(plain, zip(unsealed, sealed, strict=True))

    def refuse(self, why: str) -> PlaintextRefused:
        """Return the error for a secret that cannot be sealed where it is."""
        return PlaintextRefused(f"a secret of {self.name} {why}")

    def _secrets(self, value: object) -> list[Leaf]:
        if not isinstance(value, str | bytes):
            return []
        empty = self.field.empty
        return [leaf for leaf in self._leaves(value) if leaf.is_string and leaf.text not in empty]

    def _leaves(self, value: str | bytes) -> list[Leaf]:
        path = self.field.path
        if path is None:
            text = value if isinstance(value, str) else value.decode("latin-1")
            return [Leaf(text, True, 0, len(text), 0)]
        if isinstance(value, bytes):
            raise FieldError(f"{self.name} has a path, which needs a column of text")
        try:
            return leaves(value, path)
        except NotADocument:
            return []

    def _is_sealed(self, leaf: Leaf) -> bool:
        return is_sealed(self.field, leaf.text or "")


def _spliced(text: str, parts: Iterable[tuple[Leaf, str]]) -> str:
    for leaf, new in reversed(list(parts)):
        text = text[: leaf.start] + escaped(new, leaf.depth) + text[leaf.end :]
    return text
