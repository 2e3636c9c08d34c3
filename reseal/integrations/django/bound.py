"""The fields that share a name in their envelopes, where a package does not tell them apart."""

from reseal.config import Config
from reseal.errors import FieldError
from reseal.field import Field
from reseal.path import Path

# Where django-allauth always keeps secrets, and what they look like there.
TABLE, COLUMN = "mfa_authenticator", "data"
NEEDED = {"secret": "base32", "seed": "hex"}

_ENTRY = """
[[field]]
name = "{name}.{path}"
table = "public.{table}"
column = "{column}"
path = "{path}"
format = "{format}"
bind = "field"
bound_name = "{name}"
"""


def fields_bound_as(config: Config, name: str) -> tuple[Field, ...]:
    """Return the fields with this name in their envelopes; raise FieldError where any is missing.

    An envelope that no field covers would be lost with its key, which no census counts for it.
    """
    found = tuple(
        field for field in config.fields if field.bound_name == name and not field.binds_row
    )
    covered = {field.path for field in found if (field.table, field.column) == (TABLE, COLUMN)}
    missing = [path for path in NEEDED if Path.parse(path) not in covered]
    if missing:
        entries = "".join(
            _ENTRY.format(name=name, path=path, format=NEEDED[path], table=TABLE, column=COLUMN)
            for path in missing
        )
        raise FieldError(
            f"no field bound as {name!r} covers {' and '.join(missing)} of django-allauth, whose "
            f"secrets would be lost with their key; add to reseal.toml:\n{entries}"
        )
    return found
