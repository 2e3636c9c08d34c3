"""A first reseal.toml, as `reseal init` writes it."""

import json
from collections.abc import Sequence
from pathlib import Path

from reseal.discover.candidates import Candidate, unique_names
from reseal.errors import ConfigurationError


def write_config(path: Path, found: list[Candidate], notes: Sequence[str] = ()) -> None:
    """Write reseal.toml, with the notes as comments at its end; refuse to overwrite one."""
    entries = [_entry(*one) for one in zip(found, unique_names(found), strict=True)]
    comments = ["".join(f"# {_one_line(note)}\n" for note in notes)] if notes else []
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(['[reseal]\nschema = "reseal"\n', *entries, *comments]))
    except FileExistsError:
        raise ConfigurationError(f"{path} exists already; edit it or remove it first") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None


def _entry(found: Candidate, name: str) -> str:
    words = {
        "name": name,
        "table": f"{found.schema}.{found.table}",
        "column": found.column,
        **({"path": str(found.path)} if found.path else {}),
        "format": found.format,
    }
    lines = [f"{word} = {json.dumps(value, ensure_ascii=False)}" for word, value in words.items()]
    return "[[field]]\n" + "\n".join(lines) + "\n"


def _one_line(note: str) -> str:
    # A name may hold any character, and a comment ends with its line.
    return " ".join("".join(c if c.isprintable() else " " for c in note).split())
