"""What a table of the suite is: its definition, its rows, and what is known of each value."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

# Written out again, and not taken from the library, so that the tests do not believe it.
ENVELOPE = re.compile(r"eyJrZXlWZXJzaW9uIjo[A-Za-z0-9+/]+=*")
MARK = re.compile(r"rs[0-9]+\.[a-z2-7]{8,}")
MARK_AND_PADDING = re.compile(MARK.pattern + " *")


class Kind(StrEnum):
    """What the census counts a row as."""

    EMPTY = "empty"
    PLAIN = "plain"
    FOREIGN = "foreign"
    UNRECOGNISED = "unrecognised"


class Cell(str):
    """The text of one value in a column that holds secrets.

    `secrets` are the plaintexts that stand in it, in order; `spelled` is how each is written
    there. `kind` is what the row counts as, `left` what it counts as once its secrets are sealed.
    """

    __slots__ = ("kind", "left", "secrets", "spelled")

    secrets: tuple[bytes, ...]
    spelled: tuple[str, ...]
    kind: Kind
    left: Kind | None

    @classmethod
    def of(
        cls, text: str, secrets: tuple[bytes, ...], spelled: tuple[str, ...], kind: Kind
    ) -> "Cell":
        """Make one; where secrets are sealed, nothing else is left."""
        made = cls(text)
        made.secrets, made.spelled, made.kind, made.left = secrets, spelled, kind, None
        return made

    @property
    def is_set_aside(self) -> bool:
        """Whether the row is quarantined when all is sealed that can be."""
        return (self.left or self.kind) in (Kind.FOREIGN, Kind.UNRECOGNISED)


def secret(text: str) -> Cell:
    """A value that is one secret."""
    return Cell.of(text, (text.encode(),), (text,), Kind.PLAIN)


def raw(octets: bytes) -> Cell:
    """A `bytea` that is one secret, spelled as PostgreSQL reads it."""
    return Cell.of(rf"\x{octets.hex()}", (octets,), (octets.decode("latin-1"),), Kind.PLAIN)


def stranger(text: str, kind: Kind = Kind.UNRECOGNISED) -> Cell:
    """A value that nobody may seal."""
    return Cell.of(text, (), (), kind)


def document(
    text: str,
    *secrets: str,
    spell: Callable[[str], str] = str,
    left: Kind | None = None,
) -> Cell:
    """A document in which each `@@` stands for a secret, spelled as the document does it.

    `left` says that something in it is no secret and no envelope either.
    """
    spelled = tuple(map(spell, secrets))
    for each in spelled:
        text = text.replace("@@", each, 1)
    kind = Kind.PLAIN if secrets else (left or Kind.EMPTY)
    made = Cell.of(text, tuple(each.encode() for each in secrets), spelled, kind)
    made.left = left
    return made


Row = Mapping[str, Any]
Bind = Callable[[str], int | str | UUID]
"""Makes of a key column's text what a secret is bound to."""


def every_row(_row: Row) -> bool:
    """Belong, whatever the row holds."""
    return True


@dataclass(frozen=True)
class Kept:
    """One field of a table: its words in reseal.toml, and which rows are its own.

    `is_bytes` says that the column is `bytea`, whose values the tests read as their bytes.
    """

    words: Mapping[str, Any]
    suffix: str = ""
    belongs: Callable[[Row], bool] = every_row
    is_bytes: bool = False

    @property
    def column(self) -> str:
        """The column that holds the secrets."""
        return str(self.words["column"])

    @property
    def is_document(self) -> bool:
        """Whether a secret is a part of the value and not all of it."""
        return "path" in self.words

    @property
    def is_aside(self) -> bool:
        """Whether the column holds marks in place of envelopes."""
        return self.words.get("store") == "side"

    @property
    def binds_row(self) -> bool:
        """Whether envelopes are bound to the row key."""
        return self.words.get("bind") != "field"


def kept(column: str = "secret", **words: Any) -> Kept:
    """A field that is described by these words."""
    return Kept({"column": column} | words)


@dataclass(frozen=True)
class Schema:
    """A table, its rows, and what Reseal must make of it.

    `what` and `how` are two cells of the table in docs/schemas.md. `key` says of each key column
    what a secret is bound to. `heirs` are rows of tables that inherit. `changes` names other
    columns that a run may change, which `how` explains. `told` are the checks that warn of it.
    `always` are conditions that hold before and after every command, `after` those that hold from
    the first encryption on.
    """

    name: str
    what: str
    how: str
    ddl: str
    fields: tuple[Kept, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    key: Mapping[str, Bind] = field(default_factory=lambda: {"id": int})
    table: str = ""
    heirs: Mapping[str, tuple[tuple[Any, ...], ...]] = field(default_factory=dict)
    changes: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def qualified(self) -> str:
        """The table as reseal.toml names it."""
        return self.table or f"public.{self.name}"

    def named(self, one: Kept) -> str:
        """The logical name of one of its fields."""
        return f"{self.name}{one.suffix}"

    def cells(self, one: Kept) -> dict[tuple[str, ...], Any]:
        """The values of a field's rows by the table's key, spelled as PostgreSQL does."""
        return {
            tuple(str(row[name]) for name in self.key): row[one.column]
            for row in self.records()
            if one.belongs(row)
        }

    def records(self) -> list[dict[str, Any]]:
        """The rows by column name, those of the heirs too."""
        rows = [row for part in (self.rows, *self.heirs.values()) for row in part]
        return [dict(zip(self.columns, row, strict=True)) for row in rows]


@dataclass(frozen=True)
class Refused:
    """A table that Reseal must not touch, and what it must say.

    `says` stands in the value or the remedy of a check that refuses; `check` is its name.
    """

    name: str
    what: str
    why: str
    ddl: str
    check: str
    says: str
    words: Mapping[str, Any] = field(default_factory=dict)
    table: str = ""

    @property
    def qualified(self) -> str:
        """The table as reseal.toml names it."""
        return self.table or f"public.{self.name}"
