"""Several secrets in one row, and several kinds of row in one column."""

from collections.abc import Callable
from typing import Any

from tests.schemas.schema import Cell, Kept, Row, Schema, document, kept, secret
from tests.schemas.values import Dice


def _is(column: str, value: object) -> Callable[[Row], bool]:
    return lambda row: row[column] == value


def _part(suffix: str, belongs: Callable[[Row], bool], **words: Any) -> Kept:
    return Kept(words, suffix=suffix, belongs=belongs)


def _several_secrets() -> Schema:
    dice = Dice.of("several_secrets")

    def row(number: int) -> tuple[Any, ...]:
        codes = document("{@@,@@}", dice.code(), dice.code()) if number % 2 else "{}"
        pending: Cell | None = secret(dice.base32()) if number % 3 == 0 else None
        main: Cell | str = secret(dice.base32()) if number % 5 else ""
        return number, f"user{number}", main, pending, secret(dice.uri()), codes, number % 4 != 0

    return Schema(
        "several_secrets",
        "a secret, a pending one, an otpauth URI and recovery codes in one row",
        "four fields of one table; a sweep of one leaves the others' envelopes alone",
        ddl="""CREATE TABLE several_secrets (id bigserial PRIMARY KEY, login text UNIQUE NOT NULL,
               secret varchar(64), pending text, uri text, codes text[] NOT NULL,
               mfa_enabled boolean NOT NULL)""",
        fields=(
            Kept({"column": "secret"}, suffix=".secret"),
            Kept({"column": "pending"}, suffix=".pending"),
            Kept({"column": "uri", "format": "otpauth"}, suffix=".uri"),
            Kept({"column": "codes", "path": "[*]", "format": "text"}, suffix=".codes"),
        ),
        columns=("id", "login", "secret", "pending", "uri", "codes", "mfa_enabled"),
        rows=tuple(row(number) for number in range(1, 25)),
    )


def _kinds_of_row() -> list[Schema]:
    dice = Dice.of("kinds_of_row")

    def kinds(number: int) -> tuple[Any, ...]:
        kind = number % 3
        data: Any = secret(dice.base32()) if kind == 0 else f'{{"public": "{dice.hex(8)}"}}'
        if kind == 2:
            # It looks like one, and is another kind's business.
            data = dice.base32()
        return number, f"user {number % 5}", kind, data

    def devices(number: int) -> tuple[Any, ...]:
        kind = ("TOTP", "FIDO2", "EMAIL")[number % 3]
        held: Any = f'{{"secret_key": "{dice.base32()}", "n": 1.0}}'
        if kind == "TOTP":
            held = document('{"secret_key": "@@", "n": 1.0}', dice.base32()) if number > 3 else None
        return number, kind, held

    return [
        Schema(
            "kinds_of_row",
            "several kinds of row share the column, told apart by a number",
            "`where` names the rows that are the field's; no other row is read or written",
            ddl="""CREATE TABLE kinds_of_row (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                   number int UNIQUE NOT NULL, owner text, atype int NOT NULL, data text)""",
            fields=(_part("", _is("atype", 0), column="data", where="atype = 0", key=["number"]),),
            columns=("number", "owner", "atype", "data"),
            rows=tuple(kinds(number) for number in range(1, 31)),
            key={"number": int},
        ),
        Schema(
            "kinds_of_document",
            "several kinds of document share the column, told apart by a word",
            "`where` with `path`; `%`, quotes, OR and a remark in `where` are its own",
            ddl="CREATE TABLE kinds_of_document (id int PRIMARY KEY, kind text, props jsonb)",
            fields=(
                _part(
                    "",
                    _is("kind", "TOTP"),
                    column="props",
                    path="secret_key",
                    where="kind LIKE 'T%P' AND kind <> '''%s' OR false -- keys are others",
                ),
            ),
            columns=("id", "kind", "props"),
            rows=tuple(devices(number) for number in range(1, 31)),
        ),
    ]


def _by_owner() -> Schema:
    dice = Dice.of("rows_by_owner")
    return Schema(
        "rows_by_owner",
        "rows that another table tells apart",
        "`where` with a subquery; a CHECK cannot have one, so no guard is raised",
        ddl="""CREATE TABLE owners (id int PRIMARY KEY, kind text);
               INSERT INTO owners SELECT n, CASE WHEN n % 2 = 0 THEN 'human' END
               FROM generate_series(1, 20) AS n;
               CREATE TABLE rows_by_owner (id int PRIMARY KEY, secret text)""",
        fields=(
            _part(
                "",
                lambda row: row["id"] % 2 == 0,
                column="secret",
                where="id IN (SELECT o.id FROM public.owners AS o WHERE o.kind = 'human')",
            ),
        ),
        columns=("id", "secret"),
        rows=tuple(
            (n, secret(dice.base32()) if n % 2 == 0 else f"robot {n}") for n in range(1, 21)
        ),
        told=("guard: where",),
    )


def _by_name() -> Schema:
    dice = Dice.of("tokens_by_name")
    rows: list[tuple[Any, ...]] = []
    for user in (f"{number:08x}-user" for number in range(10)):
        codes = ";".join(dice.code() for _ in range(4))
        rows += [
            (user, "[AspNetUserStore]", "AuthenticatorKey", secret(dice.base32())),
            (user, "[AspNetUserStore]", "RecoveryCodes", secret(codes)),
            (user, "GitHub", "access_token", f"gho_{dice.hex(16)}"),
        ]
    rows.append(("left", "[AspNetUserStore]", "AuthenticatorKey", None))
    first = {"column": "value", "where": "name = 'AuthenticatorKey'"}
    second = {"column": "value", "where": "name = 'RecoveryCodes'", "format": "text"}
    return Schema(
        "tokens_by_name",
        "values by name, whose key is made of three texts",
        "a field for each name, by `where`; the whole key is bound, part by part",
        ddl="""CREATE TABLE tokens_by_name (user_id text, provider varchar(128), name varchar(128),
               value text, PRIMARY KEY (user_id, provider, name))""",
        fields=(
            Kept(first, suffix=".key", belongs=_is("name", "AuthenticatorKey")),
            Kept(second, suffix=".codes", belongs=_is("name", "RecoveryCodes")),
        ),
        columns=("user_id", "provider", "name", "value"),
        rows=tuple(rows),
        key={"user_id": str, "provider": str, "name": str},
    )


def _names_of_ours() -> list[Schema]:
    dice = Dice.of("names_of_ours")
    ours = ("field", "value", "row_key", "version", "k0", "envelope", "mark", "tid", "t", "b")
    columns = ", ".join(f'"{name}" text' for name in ours if name not in ("field", "value"))

    def row(number: int) -> tuple[Any, ...]:
        kind = "totp" if number % 2 else "other"
        held: Any = secret(dice.base32()) if kind == "totp" else "left"
        return (number, kind, held, *(f"{name}{number}" for name in ours[2:]))

    def part(number: int) -> tuple[Any, ...]:
        return f"key/{number}", f"v,{number}", secret(dice.base32()), f"field {number % 2}"

    return [
        Schema(
            "names_of_ours",
            "columns whose names Reseal's own statements use: `field`, `value`, `row_key`, `t`",
            "a `where` on them means the table's columns and nothing else",
            ddl=f"""CREATE TABLE names_of_ours (id int PRIMARY KEY, field text, value text,
                    {columns})""",
            fields=(
                _part(
                    "",
                    _is("field", "totp"),
                    column="value",
                    where="field = 'totp' AND version <> ''",
                ),
            ),
            columns=("id", *ours),
            rows=tuple(row(number) for number in range(1, 25)),
        ),
        Schema(
            "keys_of_our_names",
            "a key whose columns are named `row_key` and `value`, the secret in `k0`, kept aside",
            "every name is quoted and qualified",
            ddl="""CREATE TABLE keys_of_our_names (row_key text, value text, k0 varchar(40),
                   field text, PRIMARY KEY (value, row_key))""",
            fields=(kept("k0", store="side", where="field LIKE 'field%'"),),
            columns=("row_key", "value", "k0", "field"),
            rows=tuple(part(number) for number in range(1, 25)),
            key={"value": str, "row_key": str},
        ),
    ]


def kinds() -> list[Schema]:
    """Every table of this file."""
    return [_several_secrets(), *_kinds_of_row(), _by_owner(), _by_name(), *_names_of_ours()]
