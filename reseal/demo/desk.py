"""What an application does with one user: let in, or not; nothing here is aware of a run."""

import time
from dataclasses import dataclass

from reseal import totp
from reseal.demo.table import Key, Table
from reseal.errors import EnvelopeError, NoCode
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.vault import Vault


@dataclass(frozen=True, slots=True)
class Desk:
    """The vault and the table of one application."""

    vault: Vault
    table: Table

    def log_in(self, key: Key, phone: Secret) -> bool:
        """Check the code that a user's phone shows against the secret in the row."""
        field = self.table.field
        secret = self.vault.read(field.name, key, self.table.read(key))
        now = time.time()
        if not totp.verify(secret, field.format, totp.code(phone, field.format, now), now):
            return False
        self.table.logged_in(key)
        return True

    def usable(self, key: Key, stored: str) -> Secret | None:
        """Return the secret of a row, or None where it is none that a code can be made of."""
        field = self.table.field
        if field.shape(stored) not in (Shape.PLAIN, Shape.SEALED):
            return None
        try:
            secret = self.vault.read(field.name, key, stored)
            totp.code(secret, field.format, 0)
        except (EnvelopeError, NoCode):
            return None
        return secret

    def holds(self, key: Key, enrolled: str | None) -> bool:
        """Say whether a row holds what was enrolled, character for character, or nothing."""
        stored = self.table.read(key)
        if stored is None or enrolled is None:
            return stored is enrolled
        try:
            secret = self.vault.read(self.table.field.name, key, stored)
        except EnvelopeError:
            return False
        return secret.matches(Secret(enrolled))
