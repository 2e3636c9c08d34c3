"""An attribute of a mapped class whose column holds envelopes and which is the secret.

The mapper goes on loading and writing the column under the same name; what stands in front of it
opens on access and seals on assignment. SQLAlchemy writes changed columns only, so that a flush
never puts an older value back over what a run has sealed meanwhile.
"""

from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, String, event, inspect
from sqlalchemy.orm import InstrumentedAttribute, Mapper, object_session
from sqlalchemy.orm.attributes import get_attribute, set_attribute
from sqlalchemy.orm.base import _MappedAttribute
from sqlalchemy.util.concurrency import in_greenlet

from reseal.errors import EnvelopeError, FieldError
from reseal.integrations.sqlalchemy.room import Room
from reseal.integrations.sqlalchemy.row_key import row_key, take_key
from reseal.integrations.sqlalchemy.type import SealedColumn, Unsealed
from reseal.integrations.sqlalchemy.vaults import FieldVault, GivenVault, RowKey
from reseal.secret import Secret


def seal(
    attribute: InstrumentedAttribute[Any] | Column[Any], field: str, vault: GivenVault
) -> None:
    """Seal an attribute of a mapped class, from now on and in all of its objects.

    Reading opens what stands in the row; a row that does not open raises there, and not where it
    is loaded. A secret that equals the present one changes nothing. Another is sealed for its row,
    at the latest when that is inserted; before the first run it is stored as it always was.
    """
    # A checker takes the columns of a mix-in for what they are before the class is mapped.
    if not isinstance(attribute, InstrumentedAttribute):
        raise FieldError(f"{field!r} is sealed already, or is no attribute of a mapped class")
    column = attribute.property.columns[0]
    held, room = FieldVault(field, vault, column), Room(column)
    for column in attribute.property.columns:
        if not isinstance(column.type, String | LargeBinary):
            raise FieldError(f"{field!r} is a {column.type!r}; only text and bytes are sealed")
        column.type = SealedColumn(held, column.type)
    _front(attribute, held, room)
    _keep_what_is_equal(attribute, held)
    _settle_before_writing(attribute, held, room)


def _front(attribute: InstrumentedAttribute[Any], held: FieldVault, room: Room) -> None:
    """Put the descriptor in front, in classes that inherit the attribute too."""

    def instrumented(cls: type, key: str, inherited: InstrumentedAttribute[Any]) -> None:
        if key == attribute.key:
            setattr(cls, key, SealedAttribute(inherited, held, room))

    for mapper in attribute.parent.self_and_descendants:
        instrumented(mapper.class_, attribute.key, mapper.class_.__dict__[attribute.key])
    event.listen(attribute.class_, "attribute_instrument", instrumented, propagate=True)


def _keep_what_is_equal(attribute: InstrumentedAttribute[Any], held: FieldVault) -> None:
    """Keep an envelope when a merge brings another one of the same secret."""

    def replacing(target: Any, new: Any, old: Any, _initiator: Any) -> Any:
        if not isinstance(old, str | bytes) or held.has_plain(old) or new == old:
            return new
        present, wanted = _opened_or_none(held, target, old), _opened_or_none(held, target, new)
        return old if present is not None and present == wanted else new

    event.listen(attribute, "set", replacing, retval=True, propagate=True)


def _opened_or_none(held: FieldVault, target: Any, stored: Any) -> str | bytes | None:
    if isinstance(stored, Unsealed):
        return stored.plain()
    key = row_key(target, held.field)
    if key is None or not isinstance(stored, str | bytes):
        return None
    try:
        return held.opened(key, stored)
    except EnvelopeError:
        return None


def _settle_before_writing(
    attribute: InstrumentedAttribute[Any], held: FieldVault, room: Room
) -> None:
    name = attribute.key

    def inserting(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
        if isinstance(_plain(target, name), str | bytes):
            take_key(mapper, connection, target, held.field)
            settle(connection, target)

    def updating(_mapper: Mapper[Any], connection: Connection, target: Any) -> None:
        before = row_key(target, held.field)
        after = row_key(target, held.field, is_flushing=True)
        stored = get_attribute(target, name) if after != before else None
        if isinstance(stored, str | bytes) and not held.has_plain(stored):
            moved = held.sealed(after or (), held.opened(before or (), stored))
            set_attribute(target, name, moved)
        elif inspect(target).attrs[name].history.added:
            settle(connection, target)

    def settle(connection: Connection, target: Any) -> None:
        plain, key = _plain(target, name), row_key(target, held.field, is_flushing=True) or ()
        if held.has_plain(plain):
            set_attribute(target, name, _settled(held, room, connection, key, plain))
        elif isinstance(plain, str | bytes):
            # The key may have been assigned, or changed, after the secret was.
            held.opened(key, plain)

    event.listen(attribute.class_, "before_insert", inserting, propagate=True)
    event.listen(attribute.class_, "before_update", updating, propagate=True)


def _settled(
    held: FieldVault, room: Room, connection: Connection, key: RowKey, plain: str | bytes
) -> str | bytes | Unsealed:
    """Seal a secret, or let it stand as it always did before there is a key and room."""
    sealed = held.sealed(key, plain)
    if sealed == plain:
        return Unsealed(plain, may_pass=True)
    if room.holds(connection, sealed):
        return sealed
    if held.refuses_plaintext:
        raise held.refuse("has no room for its envelope, which `reseal encrypt` makes first")
    return Unsealed(plain, may_pass=True)


def _plain(target: Any, name: str) -> Any:
    stored = target.__dict__.get(name)
    return stored.plain() if isinstance(stored, Unsealed) else stored


class SealedAttribute(_MappedAttribute[Any]):
    """The descriptor in front of a mapped attribute.

    The mapper of a subclass leaves a column out in whose place it finds a descriptor of another
    kind, and with it the secret.
    """

    def __init__(self, mapped: InstrumentedAttribute[Any], vault: FieldVault, room: Room) -> None:
        self._mapped = mapped
        self._vault = vault
        self._room = room

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Return the secret of an object; of the class, what a query may ask."""
        if instance is None:
            return Asked(self._mapped, self._vault.name)
        stored = get_attribute(instance, self._mapped.key)
        if isinstance(stored, Unsealed):
            return stored.plain()
        if not isinstance(stored, str | bytes):
            return stored
        return self._vault.opened(row_key(instance, self._vault.field) or (), stored)

    def __set__(self, instance: Any, value: Any) -> None:
        """Take a new secret, or the stored form of one."""
        taken = value
        if self._vault.has_plain(value):
            if _can_load(instance) and self._holds(instance, value):
                return
            taken = self._taken(instance, value)
        set_attribute(instance, self._mapped.key, taken)

    def _taken(self, instance: Any, plain: str | bytes) -> str | bytes | Unsealed:
        key = row_key(instance, self._vault.field) if _can_load(instance) else None
        # Whether there is room is asked of the connection that writes.
        waits = key is None or not self._room.is_wide
        return Unsealed(plain) if waits else self._vault.sealed(key or (), plain)

    def __delete__(self, instance: Any) -> None:
        """Take the secret away."""
        self._mapped.__delete__(instance)

    def _holds(self, instance: Any, plain: str | bytes) -> bool:
        try:
            present = self.__get__(instance)
        except EnvelopeError:
            return False
        same = type(present) is type(plain) and Secret(present).matches(Secret(plain))
        # Plaintext that could be sealed by now is: to assign it anew is to ask for that.
        return same and not self._vault.has_plain(get_attribute(instance, self._mapped.key))


def _can_load(instance: Any) -> bool:
    """Say whether what is expired can be loaded here: in asyncio only what is awaited can."""
    session = object_session(instance)
    if session is None or not inspect(instance).expired_attributes or in_greenlet():
        return True
    return not session.get_bind(inspect(instance).mapper).dialect.is_async


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
        return self._mapped.is_(None)

    def __ne__(self, other: object) -> Any:
        self._need_none(other)
        return self._mapped.is_not(None)

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
