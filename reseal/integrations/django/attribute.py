"""The attribute of a model that has a sealed field: opens on access, takes new secrets."""

from typing import Any

from django.db.models.query_utils import DeferredAttribute

from reseal.integrations.django.stored import Cleared, Opened, Stored


class SealedAttribute(DeferredAttribute):
    """Keep the stored form in the instance, and give the secret to whoever asks for it."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        """Return the secret; raise WillNotOpen and its kin here, not where rows are loaded."""
        value = self.stored(instance)
        return self.field.opened(instance, value) if isinstance(value, Stored) else value

    def __set__(self, instance: Any, value: Any) -> None:
        """Take a value of the database, a stored form or a new secret, and tell them apart."""
        instance.__dict__[self.field.attname] = self._taken(instance, value)

    def __delete__(self, instance: Any) -> None:
        """Forget what the instance holds; the next access loads it."""
        try:
            del instance.__dict__[self.field.attname]
        except KeyError:
            raise AttributeError(self.field.attname) from None

    def stored(self, instance: Any) -> Any:
        """Return what the instance holds, unopened; load it where it was deferred."""
        value = super().__get__(instance)
        return None if isinstance(value, Cleared) else value

    def _taken(self, instance: Any, value: Any) -> Any:
        held = instance.__dict__
        # As Django makes an instance of a row, and only then.
        is_loaded = self.field.attname not in held and instance._state.adding
        if isinstance(value, Opened):
            is_loaded = value.row is not None and value.row == self.field.row_of(instance)
            value = value.stored if is_loaded else str(value)
        current = held.get(self.field.attname)
        if isinstance(current, Stored):
            if current == value:
                return current
            # Whoever brings it back later means to write it.
            current.is_written = False
        if isinstance(value, Stored):
            return value if is_loaded else Stored(value, is_written=False)
        if value is None and not is_loaded:
            # What was not loaded may be a secret.
            current = held.get(self.field.attname, "")
            return current if current is None or isinstance(current, Cleared) else Cleared()
        return self._assigned(value)

    def _assigned(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        text = self.field.to_python(value)
        return Stored(text, is_written=False) if self.field.is_sealed(text) else text
