"""Fields of models that other packages define, changed once the models are loaded."""

from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models

from reseal.integrations.django.attribute import SealedAttribute
from reseal.integrations.django.field import SealedField


class Swapped:
    """A field that migrations and their autodetector take for what it was; a mix-in."""

    original: type[Any]

    def clone(self) -> Any:
        """Return a copy of what it was, as it stands in the state of migrations."""
        _, _, args, kwargs = self.deconstruct()  # type: ignore[attr-defined]
        return self.original(*args, **kwargs)


def swap(target: str, sealed_as: str) -> None:
    """Seal the field "app.Model.field" under its name in reseal.toml."""
    field = _named(target)
    mix_in(SealedField, field)
    field.sealed_as = sealed_as
    setattr(field.model, field.attname, SealedAttribute(field))


def mix_in(behaviour: Any, field: Any) -> None:
    """Give a field that stands in a model already a behaviour besides its own."""
    field.__class__ = _mixed(behaviour, field.__class__)


@cache
def _mixed(behaviour: Any, original: Any) -> Any:
    # By module and name a field says in migrations what it is.
    said = {"__module__": original.__module__, "__qualname__": original.__qualname__}
    return type(original.__name__, (Swapped, behaviour, original), {**said, "original": original})


def _named(target: str) -> Any:
    try:
        label, name = target.rsplit(".", 1)
        model = apps.get_model(label)
        field = model._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        field = None
    if field is None:
        raise ImproperlyConfigured(
            f'there is no {target!r}, which "seal" in RESEAL names; write it as app.Model.field'
        )
    if isinstance(field, SealedField) or not isinstance(field, models.CharField | models.TextField):
        raise ImproperlyConfigured(
            f'{target}, which "seal" in RESEAL names, is no plain text field'
        )
    return field
