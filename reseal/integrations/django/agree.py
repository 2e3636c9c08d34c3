"""Whether a sealed field of Django and its entry in reseal.toml are about one column."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured


def refuse_mismatch(field: Any) -> None:
    """Raise ImproperlyConfigured where sweeps and the application would differ on a column."""
    described, table = field.described, field.model._meta.db_table
    meant = (table.rpartition(".")[2].strip('"'), field.column)
    if meant != (described.table, described.column) or described.path:
        raise ImproperlyConfigured(
            f"{field} is the column {'.'.join(meant)}, but {field.sealed_as!r} in reseal.toml is "
            f"{described.table}.{described.column}{' at a path' if described.path else ''}"
        )
    if field.unique:
        raise ImproperlyConfigured(f"{field} is unique, which a sealed column cannot be")
    _ = field.key_fields
