"""An attribute of a mapped class whose column holds envelopes and which is the secret.

The mapper goes on loading and writing the column under the same name; what stands in front of it
opens on access and seals on assignment. SQLAlchemy writes changed columns only, so that a flush
never puts an older value back over what a run has sealed meanwhile.
"""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import InstrumentedAttribute, Mapper

from reseal.errors import EnvelopeError, FieldError
from reseal.integrations.sqlalchemy.row_key import row_key, take_key
from reseal.integrations.sqlalchemy.type import SealedColumn, Unsealed
from reseal.integrations.sqlalchemy.vaults import FieldVault, GivenVault
from reseal.secret import Secret


def seal(attribute: InstrumentedAttribute[Any], field: str, vault: GivenVault) -> None:
    """Seal an attribute of a mapped class, from now on and in all of its objects.

    Reading opens what stands in the row; a row that does not open raises there, and not where it
    is loaded. A secret that equals the present one changes nothing. Another is sealed for its row,
    at the latest when that is inserted; before the first run it is stored as it always was.
    """
    held = FieldVault(field, vault)
    for column in attribute.property.columns:
        column.type = SealedColumn(held, column.type)
    sealed = SealedAttribute(attribute, held)
    setattr(attribute.class_, attribute.key, sealed)
    for moment in ("before_insert", "before_update"):
        event.listen(attribute.class_, moment, sealed.settle, propagate=True)


class SealedAttribute:
    """The descriptor in front of a mapped attribute."""

    def __init__(self, mapped: InstrumentedAttribute[Any], vault: FieldVault) -> None:
        self._mapped = mapped
        self._vault = vault

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Return the secret of an object; of the class, what a query may ask."""
        if instance is None:
            return Asked(self._mapped, self._vault.name)
        stored = self._mapped.__get__(instance, owner)
        if isinstance(stored, Unsealed):
            return stored.plain()
        if not isinstance(stored, str | bytes):
            return stored
        return self._vault.opened(self._key(instance), stored)

    def __set__(self, instance: Any, value: Any) -> None:
        """Take a new secret, or the stored form of one."""
        if not self._vault.is_secret(value):
            self._mapped.__set__(instance, value)
        elif not self._holds(instance, value):
            key = row_key(instance, self._vault.field)
            taken = Unsealed(value) if key is None else self._vault.sealed(key, value)
            self._mapped.__set__(instance, taken)

    def settle(self, mapper: Mapper[Any], connection: Connection, target: Any) -> None:
        """Seal what waits for the row's key, and see that what is written opens in its row."""
        stored = target.__dict__.get(self._mapped.key)
        plain = stored.plain() if isinstance(stored, Unsealed) else stored
        if not self._is_changed(target) or not isinstance(plain, str | bytes):
            return
        take_key(mapper, connection, target, self._vault.field)
        if self._vault.is_secret(plain):
            self._mapped.__set__(target, self._vault.sealed(self._key(target), plain))
        elif self._vault.is_sealed(plain):
            # The key may have been assigned, or changed, after the secret was.
            self._vault.opened(self._key(target), plain)

    def _holds(self, instance: Any, plain: str | bytes) -> bool:
        try:
            present = self.__get__(instance)
        except EnvelopeError:
            return False
        same = type(present) is type(plain) and Secret(present).matches(Secret(plain))
        # Plaintext that could be sealed by now is: to assign it anew is to ask for that.
        stored = self._mapped.__get__(instance, type(instance))
        return same and self._vault.is_sealed(stored)

    def _is_changed(self, instance: Any) -> bool:
        return bool(self._mapped.impl.get_history(_state(instance), instance.__dict__).added)

    def _key(self, instance: Any) -> Any:
        return row_key(instance, self._vault.field) or ()


class Asked:
    """A sealed attribute in a query: whether it is NULL can be asked, and its stored form read."""

    def __init__(self, mapped: InstrumentedAttribute[Any], field: str) -> None:
        self._mapped = mapped
        self._field = field

    def is_(self, other: None) -> Any:
        """Ask for rows without a secret."""
        self._need_none(other)
        return self._mapped.is_(None)

    def is_not(self, other: None) -> Any:
        """Ask for rows with one."""
        self._need_none(other)
        return self._mapped.is_not(None)

    def __eq__(self, other: object) -> Any:
        self._need_none(other)
        return self.is_(None)

    def __ne__(self, other: object) -> Any:
        self._need_none(other)
        return self.is_not(None)

    def __clause_element__(self) -> Any:
        return self._mapped.__clause_element__()

    def __getattr__(self, name: str) -> Any:
        # What SQLAlchemy itself asks of an attribute; people compare and sort by other names.
        if name.startswith("_") and name != "_mapped":
            return getattr(self._mapped, name)
        raise AttributeError(f"a sealed attribute has no {name!r} in a query")

    __hash__ = object.__hash__

    def _need_none(self, other: object) -> None:
        if other is not None:
            raise FieldError(
                f"{self._field} is sealed and cannot be searched by its value; find the row by its "
                "key and compare the secret"
            )


def _state(instance: Any) -> Any:
    return instance._sa_instance_state
