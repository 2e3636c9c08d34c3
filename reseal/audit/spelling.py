"""The one spelling of an event that is hashed: JSON as PostgreSQL spells a jsonb.

The database chains with it, a client can ask for it by `::text`, and it can be made without a
database: keys by their length in UTF-8 and then by their bytes, a blank after colon and comma,
numbers in full (PostgreSQL manual, 8.14).
"""

import json
from decimal import Decimal
from typing import Any


def spelled(value: Any) -> str:
    """Return the spelling of what JSON can hold."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=_order)
        return "{" + ", ".join(f"{spelled(key)}: {spelled(each)}" for key, each in members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spelled, value)) + "]"
    if isinstance(value, float):
        # A numeric has no exponent and no negative zero.
        return format(abs(Decimal(repr(value))) if value == 0 else Decimal(repr(value)), "f")
    return json.dumps(value, ensure_ascii=False)


def _order(member: tuple[str, Any]) -> tuple[int, bytes]:
    key = member[0].encode()
    return len(key), key
