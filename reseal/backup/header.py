"""The first line of a backup file: what it is of, and the key that opens it, wrapped."""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from reseal.errors import BackupFileError

FORMAT = "reseal-backup"
VERSION = 1
# A header is some hundred characters long; this is what a reader takes in to find that out.
MOST_HEADER = 65_536

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_TEXTS = ("field", "table", "column", "type", "kek", "created", "library")


@dataclass(frozen=True, slots=True)
class Header:
    """A field's backup as a file describes it.

    `table`, `column`, its `type` and the `key` columns are what they were called when it was
    taken. `late` says that the originals came after the backup, up to the end of the sweep, and
    take the place of what the other file has of the same rows.
    """

    run_id: UUID
    field: str
    table: str
    column: str
    type: str
    key: tuple[str, ...]
    late: bool
    kek: str
    wrapped: bytes = dataclass_field(repr=False)
    created: datetime
    library: str

    @property
    def line(self) -> bytes:
        """The header as it stands in the file: one line, in one spelling."""
        return line(
            {
                "format": FORMAT,
                "version": VERSION,
                "run": str(self.run_id),
                "field": self.field,
                "table": self.table,
                "column": self.column,
                "type": self.type,
                "key": list(self.key),
                "late": self.late,
                "kek": self.kek,
                "wrapped": b64encode(self.wrapped).decode(),
                "created": self.created.isoformat(),
                "library": self.library,
            }
        )

    @classmethod
    def parse(cls, written: bytes) -> Self:
        """Read a header; raise BackupFileError for any other than the one spelling."""
        try:
            document = json.loads(written)
            _need_format(document)
            header = cls._of(document)
            if header.line == written and _is_text(header):
                return header
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        raise BackupFileError("the first line is not the header of a backup file")

    @classmethod
    def _of(cls, document: dict[str, Any]) -> Self:
        texts = {word: document[word] for word in ("run", *_TEXTS)}
        if not all(isinstance(text, str) for text in (*texts.values(), *document["key"])):
            raise TypeError
        return cls(
            run_id=UUID(texts.pop("run")),
            key=tuple(document["key"]),
            late=bool(document["late"]),
            wrapped=b64decode(document["wrapped"], validate=True),
            **texts | {"created": datetime.fromisoformat(texts["created"])},
        )


def line(document: dict[str, Any]) -> bytes:
    """Spell one line of a backup file: compact JSON in ASCII."""
    return _ENCODE(document).encode("ascii") + b"\n"


def _need_format(document: Any) -> None:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BackupFileError("this is not a backup file of Reseal")
    if document.get("version") != VERSION:
        raise BackupFileError(
            f"this backup file is not of version {VERSION} of the format; read it with a later "
            "version of Reseal"
        )


def _is_text(header: Header) -> bool:
    """Say whether nothing in it is half of a surrogate pair, which JSON can spell; else raise."""
    return all(text.encode() or True for text in (header.field, header.kek, *header.key))
