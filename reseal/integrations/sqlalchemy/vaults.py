"""The vault of a model: given, or made when it is first asked for."""

from collections.abc import Callable

from reseal.envelope import looks_sealed
from reseal.errors import PlaintextRefused
from reseal.field import Field
from reseal.place import KeyPart
from reseal.store.aside import is_mark
from reseal.vault import Vault
from reseal.vault_core import Plaintext

GivenVault = Vault | Callable[[], Vault]


class FieldVault:
    """A vault for the values of one field, as text."""

    def __init__(self, name: str, given: GivenVault) -> None:
        self.name = name
        self._given = given

    @property
    def vault(self) -> Vault:
        """The vault; one that a function returns is asked for each time."""
        return self._given if isinstance(self._given, Vault) else self._given()

    @property
    def field(self) -> Field:
        """What reseal.toml says of the column."""
        return self.vault.config.field(self.name)

    def is_secret(self, value: object) -> bool:
        """Say whether a value is a secret in the clear: not empty and not sealed."""
        if not isinstance(value, str | bytes):
            return False
        text = _text(value)
        return text not in self.field.empty and not self.is_sealed(value)

    def is_sealed(self, value: object) -> bool:
        """Say whether a value is the stored form of a sealed secret."""
        if not isinstance(value, str | bytes):
            return False
        text = _text(value)
        return looks_sealed(text) or (self.field.keeps_aside and is_mark(text.rstrip()))

    def opened(self, key: tuple[KeyPart, ...], stored: str | bytes) -> str | bytes:
        """Return the secret that a row holds, in the type of the column."""
        if not self.is_sealed(stored) and not self.is_secret(stored):
            return stored
        secret = self.vault.read(self.name, key, stored)
        return secret.reveal() if isinstance(stored, str) else secret.octets()

    def sealed(self, key: tuple[KeyPart, ...], plain: str | bytes) -> str | bytes:
        """Return what to store; before the first run that is the secret, as it always was."""
        if not self.must_seal:
            return plain
        stored = self.vault.seal(self.name, key, plain)
        return stored if isinstance(plain, str) else stored.encode()

    @property
    def must_seal(self) -> bool:
        """Whether nothing may be stored in the clear: there is a key, or the policy says so."""
        vault = self.vault
        return vault.can_seal or vault.core.policy is Plaintext.REFUSE

    def refuse(self, why: str) -> PlaintextRefused:
        """Return the error for a secret that cannot be sealed where it is."""
        return PlaintextRefused(f"a secret of {self.name} {why}")


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
