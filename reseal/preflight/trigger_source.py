"""What a trigger does with a row, told from the PL/pgSQL source of its function.

Patterns, not a parser: where they err, they err towards a trigger that does more.
"""

import re
from typing import NamedTuple


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


_WORD = r'(?:[^\W\d][\w$]*|"(?:[^"]|"")+")'
_DOTTED = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
# What may follow a variable that is assigned to: a member of it, an element.
_PARTS = rf"(?:\s*\.\s*{_WORD}|\s*\[[^\]]*\])*"
_TOKEN = _pattern(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/")
_STRING = _pattern(r"'(?:[^']|'')*'")
# TG_OP is compared with these; in any other string they may be SQL that is run.
_OPERATION = _pattern(r"'(?:insert|update|delete|truncate)'")

# An assignment by `=` looks like a comparison, but for where it stands.
_ASSIGNED_BY_EQUALS = _pattern(
    rf"(\A\s*|;\s*|\b(?:begin|then|else|loop)\s+)(new\b{_PARTS})\s*=(?!=)"
)
_ASSIGNED = _pattern(rf"(?<![\w.])new\b(?:\s*\.\s*({_WORD}))?{_PARTS}\s*:=")
_INTO = _pattern(rf"\binto\s+(?:strict\s+)?({_DOTTED}(?:\s*,\s*{_DOTTED})*)")
_NEW_MEMBER = _pattern(rf"\Anew\b(?:\s*\.\s*({_WORD}))?")
_RETURNS_NOTHING = _pattern(r"\breturn\s+null\b")

_ON_DELETE = _pattern(
    r"\b(?:els)?if\b\s*\(?\s*tg_op\s*=\s*'delete'\s*\)?\s*then"
    r".*?(?=\bels(?:e|if|eif)\b|\bend\s+if\b)"
)
_COLUMN_LIST = _pattern(rf"\binsert\s+into\s+{_DOTTED}\s*\([^()]*\)")
_RETURNED = _pattern(r"\breturn\s+(?:new|old)\b")
_KEPT_IN_THE_ROW = _pattern(rf"\bnew\b{_PARTS}\s*:=[^;]*")
_SINK = _pattern(
    r"\b(?:insert\s+into|merge\s+into|notify|pg_notify|perform|execute|copy|call)\b"
    r"|\b(?:dblink|http)\w*"
    rf"|\bupdate\s+(?:only\s+)?{_DOTTED}(?:\s+(?:as\s+)?{_WORD})?\s+set\b"
)


def _one_side(row: str) -> str:
    member = rf"{row}\b(?:\s*\.\s*(?:\*|{_WORD}))?(?:\s*::\s*{_WORD})?"
    return rf"(?:(?:\b(?:coalesce|row|lower))?\s*\(\s*{member}\s*(?:,\s*[^(),]*)?\)|{member})"


_SAME = r"\s*(?:is\s+(?:not\s+)?distinct\s+from|<>|!=|(?<!:)=)\s*"
_COMPARED = _pattern(
    rf"(?<![\w.])(?:{_one_side('old')}{_SAME}(?:{_one_side('new')}|''|null\b)"
    rf"|{_one_side('new')}{_SAME}(?:{_one_side('old')}|''|null\b)"
    rf"|(?:old|new)\b(?:\s*\.\s*{_WORD})?\s+is\s+(?:not\s+)?null\b)"
)


class Deeds(NamedTuple):
    """What a trigger does: to the secret's column, with the old and the new row, to others."""

    writes: bool
    copies_old: bool
    copies_new: bool
    suppresses: bool
    sets: tuple[str, ...]


def deeds(source: str, column: str, tables: tuple[str, ...]) -> Deeds:
    """Read what a function does whose table goes by these names and has the secret in a column."""
    text = _plain(source)
    assigned, own = _assigned(text), column.lower()
    return Deeds(
        writes=None in assigned or own in assigned or _updates(text, column, tables),
        copies_old=_copies(text, "old", column),
        copies_new=_copies(text, "new", column),
        suppresses=bool(_RETURNS_NOTHING.search(text)),
        sets=tuple(spelled for name, spelled in assigned.items() if name not in (None, own)),
    )


def _plain(source: str) -> str:
    """Return the source without comments, and with := for every assignment to the new row."""
    text = _TOKEN.sub(lambda found: found[0] if found[0][0] == "'" else " ", source)
    return _ASSIGNED_BY_EQUALS.sub(r"\1\2 := ", text)


def _assigned(text: str) -> dict[str | None, str]:
    """Return the columns of NEW that are assigned to; None stands for all of them at once."""
    members = [found[1] for found in _ASSIGNED.finditer(text)]
    for into in _INTO.finditer(text):
        found = (_NEW_MEMBER.match(target.strip()) for target in into[1].split(","))
        members += [member[1] for member in found if member]
    names = sorted(_unquoted(member or "") for member in members)
    return {(name.lower() or None): name for name in names}


def _unquoted(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') else word


def _updates(text: str, column: str, tables: tuple[str, ...]) -> bool:
    names = "|".join(map(_spelled, tables))
    statement = _pattern(
        rf"\bupdate\s+(?:only\s+)?(?:{_WORD}\s*\.\s*)?(?:{names})(?![\w$])[^;]*?\bset\b"
        rf"[^;]*?(?<![\w.])(?:{_spelled(column)})\s*[=,)]"
    )
    return bool(statement.search(text))


def _copies(text: str, row: str, column: str) -> bool:
    """Tell whether all of a row, or its secret, goes elsewhere and is not only compared."""
    text = _ON_DELETE.sub(" ", text)
    bare = _COLUMN_LIST.sub(" insert into x ", _STRING.sub("''", text))
    bare = _RETURNED.sub(" ", _COMPARED.sub(" true ", bare))
    if row == "new":
        bare = _KEPT_IN_THE_ROW.sub(" ", bare)
    member = rf"\s*\.\s*(?:\*|(?:{_spelled(column)})(?![\w$]))"
    secret = rf"(?<![\w.]){row}\b(?:{member}|(?!\s*\.|\s*:=))"
    if not _pattern(secret).search(bare):
        return False
    within_a_statement = _pattern(rf"(?:\bnew\s*\.\s*{_WORD}[^;]*?:=|\braise\b)[^;]*?{secret}")
    sunk = _SINK.search(_OPERATION.sub("''", text))
    return bool(sunk or within_a_statement.search(bare))


def _spelled(name: str) -> str:
    """Return the pattern of a name, in quotes or not."""
    quoted = name.replace('"', '""')
    return f'{re.escape(name)}|"{re.escape(quoted)}"'
