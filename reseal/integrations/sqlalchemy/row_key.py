"""The key of a mapped object's row, as envelopes are bound to it."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    TextClause,
    Uuid,
    func,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.orm import Mapper, object_mapper
from sqlalchemy.schema import Column, ColumnDefault, DefaultClause, Sequence

from reseal.errors import FieldError
from reseal.field import Field
from reseal.integrations.sqlalchemy.vaults import RowKey
from reseal.place import KeyPart


def row_key(instance: Any, field: Field, *, is_flushing: bool = False) -> RowKey | None:
    """Return the key of an object's row; None as long as it has none.

    A key that was assigned anew counts from the flush on, with `is_flushing`: until then the row,
    and what is sealed for it, has the one before.
    """
    if not field.binds_row:
        return ()
    mapper = object_mapper(instance)
    columns = _columns(mapper, field)
    names = [mapper.get_property_by_column(column).key for column in columns]
    parts = [_part(instance, name, is_flushing=is_flushing) for name in names]
    if any(part is None for part in parts):
        return None
    return tuple(_bound(column, part) for column, part in zip(columns, parts, strict=True))


def take_key(mapper: Mapper[Any], connection: Connection, instance: Any, field: Field) -> None:
    """Give an object that is about to be inserted the key that the database would give it.

    Defaults of the model are asked, and where there are none, the column's own sequence.
    """
    for column in _columns(mapper, field):
        attribute = mapper.get_property_by_column(column).key
        if getattr(instance, attribute) is None:
            setattr(instance, attribute, _next(connection, column))


def _part(instance: Any, name: str, *, is_flushing: bool) -> Any:
    present = getattr(instance, name)
    before = () if is_flushing else inspect(instance).attrs[name].history.deleted
    return before[0] if before else present


def _columns(mapper: Mapper[Any], field: Field) -> list[Column[Any]]:
    if not field.key:
        return cast(list[Column[Any]], list(mapper.primary_key))
    by_name = {column.name: column for column in mapper.columns}
    for name in field.key:
        if name not in by_name:
            raise FieldError(
                f"{mapper.class_.__name__} maps no column {name!r}, which is the key of "
                f"{field.name!r} in reseal.toml"
            )
    return [by_name[name] for name in field.key]


def _bound(column: Column[Any], value: Any) -> KeyPart:
    # An envelope is bound to the type too: what the database has, not what was assigned.
    if isinstance(column.type, Uuid) and not isinstance(value, UUID):
        return UUID(value)
    if isinstance(column.type, Integer):
        return int(value)
    part: KeyPart = value
    return part


def _next(connection: Connection, column: Column[Any]) -> Any:
    default: Any = column.default or column.server_default
    if isinstance(default, Sequence):
        return connection.scalar(default)
    if isinstance(default, ColumnDefault | DefaultClause):
        return _asked(connection, default.arg)
    if column.identity is not None and column.identity.always:
        raise FieldError(
            f"the key {column} is GENERATED ALWAYS and known only after the insert; flush the "
            "object without its secret, then assign that"
        )
    quoted = connection.dialect.identifier_preparer.format_table(column.table)
    sequence = func.pg_get_serial_sequence(quoted, column.name)
    taken = connection.scalar(select(func.nextval(sequence)))
    if taken is None:
        raise FieldError(f"the key {column} has neither a default nor a sequence; assign it")
    return taken


def _asked(connection: Connection, default: Any) -> Any:
    if isinstance(default, TextClause):
        return connection.scalar(select(literal_column(default.text)))
    if isinstance(default, ColumnElement):
        return connection.scalar(select(default))
    return default(None) if callable(default) else default
