"""A first reseal.toml, as `reseal init` writes it: what was found, and the words to know of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reseal.discover.candidates import Candidate, unique_names
from reseal.errors import ConfigurationError

# What nobody has answered stands there with a mark in front, so that it is seen.
_HEAD = """\
# What Reseal seals in this database, and by which rules; docs/configuration.md has every word.
# A line that begins with "#word" is left out: take the mark away to say it.

[reseal]
schema = "reseal"             # where Reseal keeps its own tables
{application:<29} # the applications' database role; a run grants it what it needs
#evidence = "evidence"        # where each run leaves its record: a directory, or s3://bucket/at

[keys]
#cryptoperiod_days = 365      # how long a key may seal
{base_backups:<29} # how long backups of the database are kept, by whomever; 0: none are

[backup]
#kept_days = 90               # after so many days the originals that a run keeps are expired
#to = "/srv/backups"          # a directory or URL for a proven copy of them
"""

_FIELD = """\
[[field]]
name = {name}  # bound into every envelope: never change it
table = {table}
column = {column}
{path}format = {format}  # base32 | hex | otpauth | text | bytes: what it looks like in the clear
#key = ["id"]  # the columns of the row key, where it is not the primary key
#where = "deleted_at IS NULL"  # SQL that says which rows belong to it, where not all do
#empty = [""]  # values besides NULL that mean that there is no secret
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What only a person knows; None where nobody has said it."""

    application: str | None = None
    base_backups_kept_days: int | None = None


def write_config(
    path: Path,
    found: list[Candidate],
    notes: Sequence[str] = (),
    answers: Answers | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write reseal.toml, with the notes as comments at its end.

    Raise ConfigurationError where there is one that is not to be written over.
    """
    entries = [_entry(*one) for one in zip(found, unique_names(found), strict=True)]
    comments = ["".join(f"# {_one_line(note)}\n" for note in notes)] if notes else []
    text = "\n".join([_head(answers or Answers()), *entries, *comments])
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise exists(path) from None
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}); name another with --config"
        ) from None


def exists(path: Path) -> ConfigurationError:
    """Return the error for a reseal.toml that is there already."""
    return ConfigurationError(f"{path} exists already; edit it, or write over it with --overwrite")


def _head(answers: Answers) -> str:
    role, days = answers.application, answers.base_backups_kept_days
    return _HEAD.format(
        application='#application = "app"' if role is None else f"application = {_text(role)}",
        base_backups="#base_backups_kept_days = 35"
        if days is None
        else f"base_backups_kept_days = {days}",
    )


def _entry(found: Candidate, name: str) -> str:
    return _FIELD.format(
        name=_text(name),
        table=_text(f"{found.schema}.{found.table}"),
        column=_text(found.column),
        path=f"path = {_text(str(found.path))}\n" if found.path else "",
        format=_text(found.format),
    )


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _one_line(note: str) -> str:
    # A name may hold any character, and a comment ends with its line.
    return " ".join("".join(c if c.isprintable() else " " for c in note).split())
