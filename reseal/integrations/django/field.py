"""A text field whose column holds envelopes and whose attribute is the secret."""

from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.constants import OnConflict

from reseal.envelope import longest
from reseal.errors import EmptyKey, PlaintextRefused, WillNotOpen
from reseal.field import Field
from reseal.given import is_sealed
from reseal.integrations.django.attribute import SealedAttribute
from reseal.integrations.django.current import vault
from reseal.integrations.django.kept import Kept
from reseal.integrations.django.lookup import SealedExact, not_searchable
from reseal.integrations.django.room import room
from reseal.integrations.django.stored import AsItStands, Cleared, Opened, Row, Stored
from reseal.integrations.django.words import config, words
from reseal.place import KeyPart
from reseal.vault_core import Plaintext


class SealedField:
    """Make a text field of Django a sealed one; a mix-in.

    Reading the attribute opens what is stored; assigning text to it is a new secret, which
    `save()` seals for the row. A save leaves the column alone where the secret was not changed.
    Until there are a data key and room for envelopes in the column, both of which a run sees to,
    secrets are stored as before. `update()`, `bulk_update()` and expressions do not know the row:
    they are refused, but for `update()` with `bind = "field"`. `values()`, `dumpdata` and forms
    have the stored form; assigned, it is stored as it is.
    """

    sealed_as: str
    _is_wide = False
    descriptor_class = SealedAttribute
    # Of the field that this is mixed into.
    attname: str
    column: str
    model: Any

    @cached_property
    def described(self) -> Field:
        """What reseal.toml says of the column."""
        return config().field(self.sealed_as)

    @cached_property
    def key_fields(self) -> tuple[Any, ...]:
        """The fields of the model that the row's key is made of."""
        if not self.described.key:
            return self.primary_key_fields
        by_column = {field.column: field for field in self.model._meta.concrete_fields}
        for column in self.described.key:
            if column not in by_column:
                raise ImproperlyConfigured(
                    f"{self} has no column {column!r} beside it, which is the key of "
                    f"{self.sealed_as!r} in reseal.toml"
                )
        return tuple(by_column[column] for column in self.described.key)

    @property
    def primary_key_fields(self) -> tuple[Any, ...]:
        """The fields of the model's primary key; before Django 5.2 that was always one."""
        meta = self.model._meta
        return tuple(getattr(meta, "pk_fields", None) or [meta.pk])

    def is_empty(self, value: object) -> bool:
        """Say whether a text means that there is no secret."""
        return isinstance(value, str) and value in self.described.empty

    def is_sealed(self, text: str) -> bool:
        """Say whether a text is the stored form of a sealed secret."""
        return is_sealed(self.described, text)

    def row_of(self, instance: Any) -> Row | None:
        """Return the row of an instance, or None as long as it has no key."""
        names = [field.attname for field in self.key_fields]
        if instance._state.adding and not instance.__dict__.keys() >= set(names):
            # It is being made, and asking for what it has not got would have the row loaded.
            return None
        parts = [getattr(instance, name) for name in names]
        if any(part is None or hasattr(part, "resolve_expression") for part in parts):
            return None
        # An envelope is bound to the key's type too: what the database has, not what was assigned.
        key = (field.to_python(part) for field, part in zip(self.key_fields, parts, strict=True))
        return Row(str(self), tuple(key))

    def opened(self, instance: Any, stored: Stored) -> str:
        """Return the secret that a stored form is of, reading it once for its row."""
        row = self.row_of(instance)
        if stored.opened is None or stored.opened.row != row:
            stored.opened = Opened.of(self._plain(stored, row), stored, row)
        return stored.opened

    def opens(self, instance: Any, stored: Stored) -> bool:
        """Say whether a sealed secret opens in the row that the instance is now."""
        try:
            self.opened(instance, stored)
        except WillNotOpen:
            return False
        return True

    def stored(self, instance: Any) -> Any:
        """Return what an instance holds, unopened; load it where it was deferred."""
        return SealedAttribute(self).stored(instance)

    def is_unsealed(self, value: object) -> bool:
        """Say whether a value is a secret that should be sealed before it is stored."""
        return isinstance(value, str) and not self.is_empty(value) and not self.is_sealed(value)

    def can_seal(self, plain: str) -> bool:
        """Say whether a secret can be sealed yet; raise PlaintextRefused where it must be."""
        if vault().can_seal and self._has_room(plain):
            return True
        if words().plaintext == Plaintext.REFUSE:
            raise PlaintextRefused(
                f"{self} has no data key yet or its column is too short for envelopes, and the "
                "policy refuses plaintext; run `reseal encrypt` first"
            )
        return False

    def _has_room(self, plain: str) -> bool:
        # A mark of an envelope that is kept aside fits wherever a secret does.
        if self._is_wide or self.described.keeps_aside:
            return True
        most = room(self.model, self.column, words().using)
        self._is_wide = most is None
        return most is None or longest(len(plain.encode())) <= most

    def to_store(self, instance: Any, *, is_checked: bool = True) -> Any:
        """Return what to store for an instance, having sealed a new secret for its row.

        An envelope that was assigned must open in the row, unless `is_checked` is False.
        """
        value = self.stored(instance)
        if not isinstance(value, str) or self.is_empty(value):
            return value
        if self.is_unsealed(value):
            value = self._take_in(instance, value)
        elif is_checked and isinstance(value, Stored):
            self.opened(instance, value)
        return AsItStands(value)

    def _plain(self, stored: Stored, row: Row | None) -> str:
        if self.is_empty(stored):
            return str(stored)
        key = self._key(row) if self.is_sealed(stored) else (row.key if row else ())
        return vault().read(self.sealed_as, key, str(stored)).reveal()

    def _take_in(self, instance: Any, plain: str) -> Stored:
        row, text = self.row_of(instance), str(plain)
        sealed = text
        if self.can_seal(text):
            sealed = vault().seal(self.sealed_as, self._key(row), text)
        stored = Stored(sealed, is_written=False)
        stored.opened = Opened.of(text, stored, row)
        instance.__dict__[self.attname] = stored
        return stored

    def _key(self, row: Row | None) -> tuple[KeyPart, ...]:
        if not self.described.binds_row:
            return ()
        if row is None:
            raise EmptyKey(
                f"{self} is bound to its row, which has no primary key yet; use save() or "
                "create(), or set the key first"
            )
        return row.key

    # What Django asks of a field.

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> Any:
        """Mark what comes from the database."""
        return Stored(value) if isinstance(value, str) else value

    def pre_save(self, instance: Any, add: bool) -> Any:
        """Return what a save writes: nothing new for a secret that was not changed."""
        # What was deferred is loaded by asking for it.
        self.stored(instance)
        held = instance.__dict__[self.attname]
        is_known = held is None or (isinstance(held, Stored | Cleared) and held.is_written)
        if is_known and not add and not instance._state.adding:
            return Kept(self.column)
        return self.to_store(instance)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Let through what is decided; seal or refuse a secret that no row is known of."""
        if value is None or isinstance(value, Kept):
            return value
        is_expression = hasattr(value, "as_sql")
        text = value if is_expression else str(value)
        if isinstance(value, AsItStands) or not (is_expression or self.is_unsealed(text)):
            return text
        if not self.can_seal("" if is_expression else text):
            return super().get_db_prep_save(value, connection)  # type: ignore[misc]
        if self.described.binds_row or is_expression:
            raise PlaintextRefused(
                f"{self} is sealed for its row, which a statement on many rows or with an "
                "expression does not tell; assign it to an instance and save() that"
            )
        return vault().seal(self.sealed_as, (), text)

    def get_placeholder(self, value: Any, compiler: Any, _connection: Any) -> str:
        """Refuse an upsert that would put what is sealed for one row into another."""
        query = compiler.query
        is_upsert = getattr(query, "on_conflict", None) is OnConflict.UPDATE
        if is_upsert and self in query.update_fields and self.described.binds_row:
            is_same_row = set(query.unique_fields) == set(self.key_fields)
            if isinstance(value, str) and self.is_sealed(value) and not is_same_row:
                raise PlaintextRefused(
                    f"{self} is sealed for its row, and a conflict on other fields than its key "
                    "tells another row; leave it out of update_fields, or save() instances"
                )
        return "%s"

    def get_transform(self, _name: str) -> Any:
        """Raise FieldError: nothing can be computed of a sealed value."""
        raise not_searchable(self)

    def get_lookup(self, name: str) -> Any:
        """Return the lookup of this name; raise FieldError for one that compares secrets."""
        if name == "isnull":
            return super().get_lookup(name)  # type: ignore[misc]
        if name == "exact":
            return SealedExact
        raise not_searchable(self)

    def value_from_object(self, instance: Any) -> Any:
        """Return the stored form, for forms and serializers."""
        value = self.stored(instance)
        return str(value) if isinstance(value, str) else value

    def formfield(self, **kwargs: Any) -> Any:
        """Return a form field that an envelope fits into and that changes no character of it."""
        kwargs.setdefault("max_length", None)
        if "form_class" not in kwargs:
            kwargs.setdefault("strip", False)
        return super().formfield(**kwargs)  # type: ignore[misc]


class SealedTextField(SealedField, models.TextField):
    """A sealed column of the application's own model; `sealed_as` is its name in reseal.toml."""

    def __init__(self, *args: Any, sealed_as: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sealed_as = sealed_as

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Return what a migration writes down."""
        name, _, args, kwargs = super().deconstruct()
        path = "reseal.integrations.django.SealedTextField"
        return name, path, args, {**kwargs, "sealed_as": self.sealed_as}
