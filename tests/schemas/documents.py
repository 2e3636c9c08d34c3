"""Documents: the secret is a leaf, and everything beside it is somebody else's."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.schemas.plainly import plainly, type_is
from tests.schemas.schema import Cell, Kind, Schema, document
from tests.schemas.values import Dice, mixed

ROWS = 12

# White space, escapes, long numbers, the same name twice: what a load and a dump would change.
_ODD = (
    '{ "at" :1795487130.4583991234, "n": 1.10,\t"big": 123456789012345678901234567890,\n'
    '  "secret"  :  "@@" ,"\\u0065\\n\\/": [1e400, -0, 0.10E+2, { } , [ ]], "at": null }'
)


def _json(dice: Dice) -> list[Any]:
    twice = '{"secret":"@@", "secret" : "@@"}'
    none = ('{"secret":null}', '{"secret": ""}', "{}", '[1,  "secret"]', "null", '""', None)
    return mixed(
        [document(_ODD, dice.base32()) for _ in range(ROWS)]
        + [document(twice, dice.base32(), dice.base32())],
        *none,
    )


def _jsonb(dice: Dice) -> list[Any]:
    rich = (
        '{"totp": {"secret": "@@", "last": 1795487130.4583991234, "drift": -0.10}, '
        '"name": "ünï \\" \\\\ \\u0001", "webauthn": [{"secret": "public"}]}'
    )
    none = ('{"totp": {}}', '{"totp": null}', '{"totp": {"secret": ""}}', "[]", "0", None)
    return mixed([document(rich, dice.base32()) for _ in range(ROWS)], *none)


def _php(text: str) -> str:
    return text.replace("/", "\\/")


def _each(dice: Dice, text: str, *none: Any, uri: bool = False) -> list[Any]:
    one = dice.uri if uri else dice.base32
    return mixed([document(text, one()) for _ in range(ROWS)], *none)


def _objects() -> list[Schema]:
    dice = Dice.of("objects")
    bitwarden = (
        '{"0":{"Enabled":true,"MetaData":{"Key":"@@"}},"1":{"Enabled":true,'
        '"MetaData":{"Email":"a@example.com"}}}'
    )
    kratos = '{"totp_url": "@@", "display": "a/b", "count": 10.0}'
    return [
        plainly(
            "json_odd_spelling",
            "json",
            "`json` with odd spacing, long numbers, escapes, members of the same name",
            "the leaf is replaced in the document's own text; the rest stays byte for byte",
            _json(dice),
            path="secret",
        ),
        plainly(
            "jsonb_nested",
            "jsonb",
            "`jsonb`, the secret in an inner object",
            "only the leaf is replaced; numbers stay to the last digit",
            _jsonb(dice),
            path="totp.secret",
        ),
        plainly(
            "jsonb_indexed",
            "jsonb NOT NULL",
            "`jsonb` under a GIN index",
            "the index serves the rest of the document and stays; `clean` vacuums it",
            _each(dice, '{"secret": "@@", "role": "admin"}', "{}"),
            behind="CREATE INDEX jsonb_indexed_gin ON jsonb_indexed USING gin (secret)",
            after=("SELECT to_regclass('jsonb_indexed_gin') IS NOT NULL",),
            path="secret",
        ),
        plainly(
            "providers_by_number",
            "text",
            "JSON in `text`, the secret under a number that is a name",
            '`path = "0.MetaData.Key"`; the document stays valid, other providers stay',
            _each(dice, bitwarden, '{"1":{"MetaData":{"Email":"x"}}}', "", None),
            path="0.MetaData.Key",
        ),
        plainly(
            "uri_in_jsonb",
            "jsonb",
            "an otpauth URI in `jsonb`",
            '`path` with `format = "otpauth"`',
            _each(dice, kratos, "{}", None, uri=True),
            path="totp_url",
            format="otpauth",
        ),
        plainly(
            "odd_member_names",
            "jsonb",
            "members whose names have dots, blanks and quotes",
            "each such name is a JSON string in `path`",
            _each(dice, '{"my \\"key\\"": {"a.b": "@@", "a": {"b": "other"}}}', "{}"),
            path='"my \\"key\\""."a.b"',
        ),
        plainly(
            "json_in_varchar",
            "varchar(255)",
            "JSON in `varchar(255)`",
            "the document grows by the envelope: `prepare` makes the column `text`",
            _each(dice, '{"alg":"sha1", "secret":"@@"}', "{}", "", None),
            after=(type_is("json_in_varchar", "secret", "text"),),
            path="secret",
        ),
        plainly(
            "json_false",
            "jsonb",
            "`false` or `null` for none in a document",
            '`empty = ["", "false"]` covers the JSON value `false` as well',
            _each(dice, '{"secret": "@@", "on": true}', '{"secret": false}', '{"secret": null}'),
            path="secret",
            empty=["", "false"],
        ),
    ]


def _strings() -> list[Schema]:
    dice = Dice.of("strings")
    uri = '{"otp":{"uri":"@@","path":"a\\/b"}, "u":"\\u00fc"}'
    inner = '{"name":"x", "totp":"{\\"v\\":1, \\"type\\":\\"totp\\",\\"key\\":\\"@@\\"}"}'
    deep = (
        '{"a":"{\\"b\\":\\"{\\\\\\"uri\\\\\\": \\\\\\"@@\\\\\\", \\\\\\"n\\\\\\":1.0}\\"}","c":0}'
    )

    def quoted(text: str, spell: Callable[[str], str], make: Callable[[], str]) -> list[Cell]:
        return [document(text, make(), spell=spell) for _ in range(ROWS)]

    return [
        plainly(
            "php_escapes",
            "text",
            "JSON in `text` with `\\/` for a slash, as PHP writes it",
            "the leaf is read through its escapes; a rollback brings its own spelling back",
            mixed(quoted(uri, _php, dice.uri), '{"otp":null}', "", None),
            path="otp.uri",
            format="otpauth",
        ),
        plainly(
            "json_in_a_string",
            "text",
            "JSON inside a JSON string",
            "the path leads on into the string; the inner spelling stays",
            mixed(quoted(inner, str, dice.base32), '{"totp":""}', '{"totp":null}', "", None),
            path="totp.key",
        ),
        plainly(
            "json_in_two_strings",
            "json",
            "JSON inside a JSON string inside a JSON string, with escaped slashes",
            "as deep as the path says",
            mixed(quoted(deep, lambda text: text.replace("/", "\\\\\\/"), dice.uri), "{}", None),
            path="a.b.uri",
            format="otpauth",
        ),
        plainly(
            "documents_with_strangers",
            "jsonb",
            "several secrets in one document, some of them encrypted by an application",
            "each secret is sealed; the row is named for what could not be",
            mixed(_with_strangers(dice), '{"devices": []}'),
            path="devices[*].key",
        ),
        plainly(
            "text_that_is_no_document",
            "text",
            "text that should be JSON and is not",
            "quarantined and named by key; the others are sealed",
            mixed(quoted('{"key":"@@"}', str, dice.base32), "", None, *_no_documents(dice)),
            told=("content: unrecognised",),
            path="key",
        ),
    ]


def _with_strangers(dice: Dice) -> Iterable[Cell]:
    two = '{"devices": [{"key": "@@"}, {"key": "@@"}]}'
    fernet = "gAAAAABm" + "Zm" * 50 + "=="
    yield from (document(two, dice.base32(), dice.base32()) for _ in range(ROWS))
    yield document(f'{{"devices": [{{"key": "{fernet}"}}]}}', left=Kind.FOREIGN)
    yield document(
        f'{{"devices": [{{"key": "{fernet}"}}, {{"key": "@@"}}]}}', dice.base32(), left=Kind.FOREIGN
    )
    yield document('{"devices": [{"key": "hunter2!"}, {"key": 12}]}', left=Kind.UNRECOGNISED)


def _no_documents(dice: Dice) -> Iterable[Cell]:
    yield document(dice.base32(), left=Kind.UNRECOGNISED)
    yield document('{"key":', left=Kind.UNRECOGNISED)


def documents() -> list[Schema]:
    """Every table of this file."""
    return [*_objects(), *_strings()]
