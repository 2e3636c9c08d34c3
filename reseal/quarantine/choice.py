"""Which quarantined rows a person means: row keys as they are shown and typed, a class, or all."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from reseal.errors import ConfigurationError
from reseal.quarantine.trouble import Trouble
from reseal.store import quarantine
from reseal.store.catalog import Target
from reseal.store.quarantine import Key, Record
from reseal.store.store import Store

_MOST_NAMED = 5


def show_key(key: Iterable[str]) -> str:
    """Spell a row key as it is typed: as it is, or as a JSON array where it has several parts."""
    parts = list(key)
    return parts[0] if len(parts) == 1 else json.dumps(parts, ensure_ascii=False)


def parse_key(text: str, parts: int) -> Key:
    """Read a row key of so many parts as a person typed it; raise ConfigurationError."""
    if parts == 1:
        return (text,)
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, list) or len(given) != parts or not all(map(_is_part, given)):
        raise ConfigurationError(
            f"{text!r} is no key of {parts} parts; write a JSON array as "
            "`reseal quarantine list` does, e.g. '[\"eu\", 7]'"
        )
    return tuple(map(str, given))


def _is_part(part: object) -> bool:
    return isinstance(part, str | int) and not isinstance(part, bool)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for: rows by key, those of one class, or all; just one of these."""

    keys: tuple[str, ...] = ()
    trouble: Trouble | None = None
    every: bool = False

    def need_one(self) -> None:
        """Raise ConfigurationError unless just one of the three is given."""
        if [bool(self.keys), self.trouble is not None, self.every].count(True) != 1:
            raise ConfigurationError("name row keys, or a class with --class, or say --all")

    def of(self, store: Store, target: Target) -> list[Record]:
        """Return the rows that are meant; raise ConfigurationError where a key is not among them.

        Rows that were accepted are meant only by their key.
        """
        found = quarantine.records(store, target.field.name)
        if self.keys:
            wanted = dict.fromkeys(parse_key(text, len(target.key)) for text in self.keys)
            by_key = {record.key: record for record in found}
            _need_known(target.field.name, [key for key in wanted if key not in by_key])
            return [by_key[key] for key in wanted]
        return [
            record
            for record in found
            if record.accepted is None and self.trouble in (None, record.trouble)
        ]


def _need_known(name: str, unknown: list[Key]) -> None:
    if not unknown:
        return
    named = ", ".join(map(show_key, unknown[:_MOST_NAMED]))
    more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
    raise ConfigurationError(
        f"no row {named}{more} of {name} is quarantined, so nothing was changed; see `reseal "
        "quarantine list`"
    )
