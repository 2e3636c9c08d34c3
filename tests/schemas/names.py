"""Names that have to be quoted, and ones that a placeholder or a short limit would break."""

from tests.schemas.schema import Schema, kept, secret
from tests.schemas.values import Dice

_LONG = "a_table_whose_name_is_as_long_as_postgresql_lets_a_name_be_63c"


def _named(
    name: str, what: str, schema: str, table: str, key: str, column: str, how: str = "quoted"
) -> Schema:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    dice = Dice.of(name)
    rows = tuple((number, dice.note(), secret(dice.base32())) for number in range(1, 13))
    make = f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}; " if schema != "public" else ""
    return Schema(
        name,
        what,
        how,
        ddl=f"{make}CREATE TABLE {quoted(schema)}.{quoted(table)} ({quoted(key)} int PRIMARY KEY, "
        f"{quoted('mfa note')} text, {quoted(column)} varchar(40)); "
        f"CREATE INDEX ON {quoted(schema)}.{quoted(table)} ({quoted(column)})",
        fields=(kept(column),),
        columns=(key, "mfa note", column),
        rows=rows,
        key={key: int},
        table=f"{schema}.{table}",
    )


def names() -> list[Schema]:
    """Every table of this file."""
    return [
        _named("name_reserved", "reserved words", "public", "user", "order", "select"),
        _named("name_camel_case", "CamelCase", "public", "TwoFactor", "userId", "secretKey"),
        _named("name_digit", "names that begin with a digit", "public", "2fa", "1d", "2fa_secret"),
        _named(
            "name_blank", "a schema with a blank", "my app", "mfa secrets", "user id", "the key"
        ),
        _named("name_quote", "names with quotes", "public", "o\"tp's", 'i"d', 'it\'s "it"'),
        _named(
            "name_percent",
            "names with `%`, braces and a backslash",
            "100% ours",
            "%s {0}",
            "%(id)s",
            "secret %% \\",
            "quoted, and no placeholder",
        ),
        _named("name_letters", "letters beyond ASCII", "schéma", "таблица", "ключ", "секрет"),
        _named(
            "name_long",
            "names of 63 bytes",
            "public",
            _LONG,
            "k" * 63,
            "s" * 63,
            "Reseal's own names beside them are cut and stay distinct",
        ),
    ]
