"""What stands in the column: variants, values that are no secret, strangers, nothing at all."""

from typing import Any

from tests.schemas.plainly import plainly
from tests.schemas.schema import Cell, Kind, Schema, kept, secret, stranger
from tests.schemas.values import Dice, base32s, mixed

_NONE = (None, "", None, "")
_FOREIGN = (
    "gAAAAABmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZg==",
    "vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w==",
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..bm9uY2Vub25jZQ.Y2lwaGVydGV4dA.dGFndGFndGFndGFn",
    '{"p":"Zm9vYmFyYmF6","h":{"iv":"Zm9vYmFyYmF6cXV4","at":"Zm9vYmFyYmF6cXV4cXV1eA=="}}',
    "enc:v2:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=",
)
_UNKNOWN = ("hunter2!", "see the vault", "01891-not-base32-0189")


def _forms(dice: Dice) -> list[Cell]:
    def groups(between: str) -> str:
        text = dice.base32()
        return between.join(text[at : at + 4] for at in range(0, 32, 4))

    forms = (
        dice.base32().lower(), groups(" "), groups("-"), groups(" ").lower(),
        f"{dice.base32(16)}======", f" {dice.base32()}", f"{dice.base32()}\n", dice.base32(10),
    )  # fmt: skip
    return [secret(form) for form in forms]


def _whole() -> list[Schema]:
    dice = Dice.of("contents")
    strangers = [stranger(text, Kind.FOREIGN) for text in _FOREIGN]
    strangers += [stranger(text) for text in _UNKNOWN]
    return [
        plainly(
            "variants",
            "text",
            "lower case, groups of four, `=` padding, a blank before, a newline behind, 10 bytes",
            "recognised, and kept as they are",
            mixed([form for _ in range(3) for form in _forms(dice)], *_NONE),
        ),
        plainly(
            "false_is_empty",
            "text DEFAULT 'false'",
            "`'false'` for none",
            '`empty = ["", "false"]` names what is no secret',
            mixed(base32s(dice), "false", "false", None, ""),
            empty=["", "false"],
        ),
        plainly(
            "not_null_empty",
            "text NOT NULL DEFAULT ''",
            "`NOT NULL`, with `''` for none",
            "`''` stays as it is",
            mixed(base32s(dice), "", "", ""),
        ),
        plainly(
            "strangers",
            "text",
            "values of other applications' encryption, and ones that nobody knows",
            "quarantined and named by key; no command changes them",
            mixed(base32s(dice), *strangers, *_NONE),
            told=("content: foreign", "content: unrecognised"),
        ),
        plainly("one_row", "text", "a table of one row", "as any other", base32s(dice, rows=1)),
        plainly(
            "no_row",
            "text",
            "an empty table",
            "there is nothing to do",
            [],
            told=("content: rows",),
        ),
        plainly(
            "all_empty",
            "text",
            "a table where nobody has a second factor yet",
            "there is nothing to do",
            [*_NONE, *_NONE],
            told=("content: work",),
        ),
    ]


def _codes() -> Schema:
    dice = Dice.of("recovery_codes")
    rows: list[tuple[Any, ...]] = [
        (user, number, secret(dice.code()), number % 3 == 0)
        for user in range(1, 9)
        for number in range(3)
    ]
    return Schema(
        "recovery_codes",
        "a table of recovery codes in `varchar(16)`, with an index over them",
        '`bind = "field"`, where the application opens a code without knowing its row; widened, '
        "and the index dropped: a code is found by its user",
        ddl="""CREATE TABLE recovery_codes (user_id bigint, number smallint, token varchar(16)
               NOT NULL, used boolean NOT NULL, PRIMARY KEY (user_id, number));
               CREATE INDEX recovery_codes_token ON recovery_codes (token)""",
        fields=(kept("token", format="text", bind="field"),),
        columns=("user_id", "number", "token", "used"),
        rows=tuple(rows),
        key={"user_id": int, "number": int},
        told=("column: room", "column: indexes"),
        after=("SELECT to_regclass('recovery_codes_token') IS NULL",),
    )


def contents() -> list[Schema]:
    """Every table of this file."""
    return [*_whole(), _codes()]
