"""What an application gives: a value as its driver has it, and the key of a row."""

from uuid import UUID

from reseal.envelope import looks_sealed
from reseal.errors import FieldError
from reseal.field import Field
from reseal.place import KeyPart, Place
from reseal.secret import Secret
from reseal.store.aside import holds_mark
from reseal.store.column import escape

_BINDABLE: tuple[type, ...] = (int, str, UUID)

Key = KeyPart | tuple[KeyPart, ...]
# Drivers give `bytea` as one of these.
Value = str | bytes | bytearray | memoryview


def text_of(value: Value) -> str:
    """Return a value as text, bytes in PostgreSQL's escape form."""
    return value if isinstance(value, str) else escape(bytes(value))


def secret_of(value: Value) -> Secret:
    """Hold a value that is a secret in the clear."""
    return Secret(value if isinstance(value, str) else bytes(value))


def is_sealed(field: Field, text: str) -> bool:
    """Say whether a text is an envelope, or the mark of one that is kept aside."""
    return looks_sealed(text) or holds_mark(field, text)


def place_of(field: Field, key: Key) -> Place:
    """Return the place of a row's secret."""
    return Place(field.bound_name, bound_key(field, key))


def bound_key(field: Field, key: Key) -> tuple[KeyPart, ...]:
    """Return what of a row's key is bound; raise FieldError for what cannot be."""
    parts = key if isinstance(key, tuple) else (key,)
    if field.binds_row and len(parts) != len(field.key or parts):
        raise FieldError(f"the key of field {field.name!r} has {len(field.key)} parts")
    for part in parts:
        # An envelope is bound to the type too; one bound to a type that no sweep reads is lost.
        if not isinstance(part, _BINDABLE) or part is True or part is False:
            raise FieldError(f"a row key of {field.name!r} must be made of int, str or UUID")
    return parts if field.binds_row else ()
