"""Arrays: several secrets in one value, all of them, one by its place or one by its type."""

from typing import Any

from tests.schemas.plainly import plainly, type_is
from tests.schemas.schema import Schema, document
from tests.schemas.values import Dice, mixed

ROWS = 12
CODES = 3


def _codes(dice: Dice, text: str, *none: Any) -> list[Any]:
    rows = [document(text, *(dice.code() for _ in range(CODES))) for _ in range(ROWS)]
    return mixed(rows, *none)


def _of_sql() -> list[Schema]:
    dice = Dice.of("arrays of SQL")
    return [
        plainly(
            "text_array",
            "text[]",
            "recovery codes in `text[]`",
            "`path = \"[*]\"`: each element is sealed; NULL and `''` among them stay",
            _codes(dice, '{@@,NULL,@@,"",@@}', "{}", None),
            path="[*]",
            format="text",
        ),
        plainly(
            "varchar_array",
            "varchar(12)[] NOT NULL",
            "recovery codes in `varchar(12)[]`",
            "`prepare` makes it `varchar[]`; the table is not rewritten",
            _codes(dice, "{@@,@@,@@}", "{}"),
            after=(type_is("varchar_array", "secret", "character varying[]"),),
            path="[*]",
            format="text",
        ),
    ]


def _of_json() -> list[Schema]:
    dice = Dice.of("arrays of JSON")
    by_type = (
        '[{"type": "password", "secret": "argon"}, {"type": "totp", "secret": "@@", "n": 1.50}, '
        '{"type": "webauthn", "secret": "public key"}]'
    )
    no_totp = '[{"type": "password", "secret": "argon"}]'
    return [
        plainly(
            "jsonb_codes",
            "jsonb",
            "recovery codes in an array of a document",
            '`path = "codes[*]"`',
            _codes(dice, '{"codes": ["@@", "@@", "@@"], "used": [1.0]}', '{"codes": []}', "{}"),
            path="codes[*]",
            format="text",
        ),
        plainly(
            "json_array_in_text",
            "text NOT NULL",
            "a JSON array in `text`",
            "the spaces between its elements stay",
            _codes(dice, '[ "@@","@@" ,\t"@@"]', "[]", ""),
            path="[*]",
            format="text",
        ),
        plainly(
            "chosen_by_type",
            "jsonb",
            "an array of objects, of which the one of a type has the secret",
            '`path = "[type=totp].secret"`; objects of other types stay',
            mixed([document(by_type, dice.base32()) for _ in range(ROWS)], no_totp, "[]", None),
            path="[type=totp].secret",
        ),
        plainly(
            "chosen_by_place",
            "json",
            "the element at a place of an array",
            '`path = "keys[1]"`',
            mixed(
                [document('{"keys":["public" , "@@","x"]}', dice.base32()) for _ in range(ROWS)],
                '{"keys":["public"]}',
                "{}",
            ),
            path="keys[1]",
        ),
    ]


def arrays() -> list[Schema]:
    """Every table of this file."""
    return [*_of_sql(), *_of_json()]
