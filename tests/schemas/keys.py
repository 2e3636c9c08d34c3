"""Row keys: every type and composition that envelopes are bound to."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from tests.schemas.schema import Bind, Schema, kept, secret
from tests.schemas.values import Dice

ROWS = 20
Types = Mapping[str, Bind]

_HOSTILE = (
    "", "a/b", "tab\there", "line\nbreak", "it's", 'say "x"', "a,b", "a,b,", "back\\slash", r"\x41",
    "ünïcødé", "🔑", " led", "trailed ", "%s", "{a}", "NULL", "(1,2)", "a:b", ".", "ß", "ss",
)  # fmt: skip


def _keyed(
    name: str,
    columns: str,
    what: str,
    how: str,
    keys: Iterable[tuple[Any, ...]],
    types: Types,
    *,
    before: str = "",
    constraint: str = "",
    **words: Any,
) -> Schema:
    dice = Dice.of(name)
    primary = constraint or f"PRIMARY KEY ({', '.join(types)})"
    rows = [
        (*key, dice.note(), None if at % 7 == 3 else secret(dice.base32()))
        for at, key in enumerate(keys)
    ]
    return Schema(
        name,
        what,
        how,
        ddl=f"{before}; CREATE TABLE {name} ({columns}, note text, secret text, {primary})",
        fields=(kept(**words),),
        columns=(*types, "note", "secret"),
        rows=tuple(rows),
        key=types,
    )


def _single(
    name: str, type_: str, make: Callable[[int], Any], how: str, kind: Bind = int, before: str = ""
) -> Schema:
    what = f"a key of type `{type_}`"
    keys = [(make(number),) for number in range(1, ROWS + 1)]
    return _keyed(name, f"id {type_}", what, how, keys, {"id": kind}, before=before)


def _numbers_and_texts() -> list[Schema]:
    dice = Dice.of("keys")
    number = "bound as a number"
    text = "bound as its text, which no setting of the server changes"
    return [
        _single("key_int", "int", lambda n: (-1) ** n * n * 1000, number),
        _single("key_smallint", "smallint", lambda n: n, number),
        _single(
            "key_identity",
            "bigint GENERATED ALWAYS AS IDENTITY",
            lambda n: n + 2**40,
            f"{number}; the identity goes on where it was",
        ),
        _single(
            "key_uuid",
            "uuid",
            lambda _: str(UUID(bytes=dice.octets(16))),
            "bound as 16 bytes",
            UUID,
        ),
        _single(
            "key_domain",
            "user_number",
            lambda n: n * 3,
            "a domain over `int`: bound as the number",
            before="CREATE DOMAIN user_number AS int CHECK (VALUE > 0)",
        ),
        _single(
            "key_char",
            "char(8)",
            lambda n: f"u{n}".ljust(8),
            "bound as its text without the padding",
            str.rstrip,
        ),
        _single(
            "key_enum",
            '"Kind of user"',
            lambda n: f"kind {n}",
            text,
            str,
            before='CREATE TYPE "Kind of user" AS ENUM ('
            + ", ".join(f"'kind {n}'" for n in range(1, ROWS + 1))
            + ")",
        ),
        _single(
            "key_timestamp",
            "timestamptz",
            lambda n: f"2026-03-{n:02} 12:00:00.000001+00",
            f"{text}, here its time zone",
            str,
        ),
        _single(
            "key_collated",
            'text COLLATE "ucs_basic"',
            lambda n: f"Ключ {n}",
            "compared byte by byte, whatever its collation",
            str,
        ),
        _single("key_bytea", "bytea", lambda n: rf"\x{n:04x}00ff", text, str),
        _keyed(
            "key_text",
            "id text",
            "a key of `text` with slashes, tabs, newlines, quotes, commas, letters of any script",
            "bound byte for byte, with its length before it",
            [(each,) for each in _HOSTILE],
            {"id": str},
        ),
    ]


def _composed() -> list[Schema]:
    dice = Dice.of("composed keys")
    unclear = [
        ("org/a", "x"),
        ("org", "a/x"),
        ("org/a/x", "-"),
        ("a", "b:c"),
        ("a:b", "c"),
        ("at", "b"),
        ("a", "tb"),
    ]
    unclear += [("1,2", "3"), ("1", "2,3"), ("é", "e\u0301"), ("e\u0301", "é"), ("a\tb", "c")]
    threes = [
        (_HOSTILE[n % len(_HOSTILE)], n // 4, str(UUID(bytes=dice.octets(16)))) for n in range(20)
    ]
    days = [(f"2026-02-{n:02}", f"{n}.{n % 3}0") for n in range(1, 21)]
    return [
        _keyed(
            "key_two_texts",
            "owner text, name text",
            "a key of two texts whose joint spelling is ambiguous",
            "`(org/a, x)` and `(org, a/x)` are two places: each part is bound with its length",
            unclear,
            {"owner": str, "name": str},
        ),
        _keyed(
            "key_text_int_uuid",
            "tenant text, number int, device uuid",
            "a key of text, number and uuid",
            "each part bound with its type",
            threes,
            {"tenant": str, "number": int, "device": UUID},
        ),
        _keyed(
            "key_date_numeric",
            "day date, amount numeric",
            "a key of a date and a decimal number",
            "bound as ISO text; `1.10` stays `1.10`",
            days,
            {"day": str, "amount": str},
        ),
        _keyed(
            "key_by_configuration",
            "login varchar(80) NOT NULL",
            "no primary key, but a unique column without NULLs",
            '`key = ["login"]`',
            [(f"{name}{n}",) for n, name in enumerate(_HOSTILE)],
            {"login": str},
            constraint="UNIQUE (login)",
            key=["login"],
        ),
        _keyed(
            "key_other_than_primary",
            "surrogate serial, realm text NOT NULL, login text NOT NULL",
            "a primary key that a restore would number anew",
            '`key = ["login", "realm"]` binds to a unique key in the order it names',
            [(number, f"login {number}", f"realm {number % 3}") for number in range(1, 21)],
            {"surrogate": int, "login": str, "realm": str},
            constraint="PRIMARY KEY (surrogate), UNIQUE (realm, login)",
            key=["login", "realm"],
        ),
    ]


def keys() -> list[Schema]:
    """Every table of this file."""
    return [*_numbers_and_texts(), *_composed()]
