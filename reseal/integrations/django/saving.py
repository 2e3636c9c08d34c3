"""What happens around a save: the row gets its key before, and the secret is written after."""

from collections.abc import Iterator
from typing import Any

from django.db import IntegrityError, connections, transaction
from django.db.models import AutoField
from django.db.models.signals import post_save, pre_save

from reseal.errors import EmptyKey, WillNotOpen
from reseal.integrations.django.field import SealedField
from reseal.integrations.django.stored import Cleared, Stored

# Django tries an UPDATE first where an instance has its key: of a sequence that is behind its
# rows, that would overwrite the row of somebody else.
_NEXT = """
SELECT given, EXISTS (SELECT FROM {table} WHERE {column} = given)
FROM nextval(pg_get_serial_sequence(%s, %s)) AS given
"""


def listen() -> None:
    """Take part in the saves of all models."""
    pre_save.connect(before_save, dispatch_uid="reseal")
    post_save.connect(after_save, dispatch_uid="reseal")


def sealed_fields(model: Any) -> Iterator[Any]:
    """Yield the sealed fields of a model, its parents' too."""
    return (field for field in model._meta.concrete_fields if isinstance(field, SealedField))


def before_save(
    sender: Any,
    instance: Any,
    raw: bool,
    using: str,
    update_fields: frozenset[str] | None = None,
    **_: Any,
) -> None:
    """Find out the row's key where a new secret is to be bound to it."""
    for field in sealed_fields(sender):
        if not (raw or instance._state.adding):
            _refuse_other_key(field, instance, update_fields)
        held = instance.__dict__.get(field.attname)
        if instance._state.db not in (None, using):
            _write_anew(field, instance)
        if field.described.binds_row and field.is_unsealed(held) and field.can_seal(held):
            _give_key(instance, field, using)
        if raw and isinstance(held, str):
            # A raw save asks the attribute, which would give the secret.
            instance.__dict__[field.attname] = field.to_store(instance, is_checked=False)


def after_save(
    sender: Any, instance: Any, using: str, update_fields: frozenset[str] | None = None, **_: Any
) -> None:
    """Have the next save keep what this one wrote, once that is committed."""
    for field in sealed_fields(sender):
        held = instance.__dict__.get(field.attname)
        if not _is_saved(field, update_fields):
            continue
        if isinstance(held, str) and not isinstance(held, Stored):
            # Of a raw save, or one of the texts that mean no secret.
            held = instance.__dict__[field.attname] = Stored(held, is_written=False)
        if isinstance(held, Stored | Cleared) and not held.is_written:
            transaction.on_commit(held.settle, using=using)


def _write_anew(field: Any, instance: Any) -> None:
    """Have all of it written: what another database has is not known."""
    held = instance.__dict__.get(field.attname, "")
    if isinstance(held, Stored | Cleared):
        held.is_written = False
    elif held is None:
        instance.__dict__[field.attname] = Cleared()


def _give_key(instance: Any, field: Any, using: str) -> None:
    model = field.model
    primary = model._meta.pk
    if not isinstance(primary, AutoField) or getattr(instance, primary.attname) is not None:
        return
    setattr(instance, primary.attname, _next_key(model, using))


def _next_key(model: Any, using: str) -> int:
    meta, quote = model._meta, connections[using].ops.quote_name
    table, column = quote(meta.db_table), meta.pk.column
    with connections[using].cursor() as cursor:
        cursor.execute(_NEXT.format(table=table, column=quote(column)), [table, column])
        key, is_taken = cursor.fetchone()
    if key is None:
        raise EmptyKey(f"{meta.label} has no sequence for its primary key; set the key first")
    if is_taken:
        raise IntegrityError(
            f"the sequence of {meta.db_table}.{column} is behind its rows; see `sqlsequencereset`"
        )
    return int(key)


def _refuse_other_key(field: Any, instance: Any, update_fields: frozenset[str] | None) -> None:
    """Raise WillNotOpen where a key that is not the primary one leaves its secret behind."""
    others = [one for one in field.key_fields if one not in field.primary_key_fields]
    if not field.described.binds_row or not any(_is_saved(one, update_fields) for one in others):
        return
    held = field.stored(instance)
    if isinstance(held, Stored) and held.is_written and field.is_sealed(held):
        is_left_behind = not field.opens(instance, held)
    else:
        is_left_behind = field.is_unsealed(held) and not _is_saved(field, update_fields)
    if is_left_behind:
        names = ", ".join(one.name for one in field.key_fields)
        raise WillNotOpen(
            f"{field} is bound to {names}, with which it does not open; read the secret, then "
            "change the key, assign the secret, and save both together"
        )


def _is_saved(field: Any, update_fields: frozenset[str] | None) -> bool:
    return update_fields is None or not update_fields.isdisjoint({field.name, field.attname})
