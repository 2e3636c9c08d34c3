"""reseal.toml is read strictly, and every fault is one sentence that names the spot."""

import pytest

from reseal.backup.policy import BackupPolicy
from reseal.config import Config, load_config, parse_config
from reseal.errors import ConfigurationError, FieldError
from reseal.field import Field
from reseal.key_policy import KeyPolicy
from reseal.optimise.policy import OptimisePolicy

ONE = {"name": "users.mfa_secret", "table": "public.users", "column": "mfa_secret"}

WHOLE = """
[reseal]
schema = "vault"
evidence = "s3://bucket/evidence"

[keys]
cryptoperiod_days = 90
read_window_days = 14
disabled_days = 30
base_backups_kept_days = 35

[backup]
kept_days = 30
to = "s3://bucket/backups"

[optimise]
queries = ["SELECT id FROM users WHERE email = $1"]

[[field]]
name = "users.mfa_secret"
table = "auth.users"
column = "mfa_secret"
key = ["tenant", "id"]
format = "hex"
where = "type = 'totp'"
empty = ["", "false"]
bind = "field"

[[field]]
name = "admins.mfa_secret"
table = "admins"
column = "secret"
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str | bytes):
        path = tmp_path / "reseal.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_every_word_is_read(written):
    assert load_config(written(WHOLE)) == Config(
        fields=(
            Field(
                name="users.mfa_secret",
                schema="auth",
                table="users",
                column="mfa_secret",
                key=("tenant", "id"),
                format="hex",
                where="type = 'totp'",
                empty=frozenset({"", "false"}),
                binds_row=False,
            ),
            Field("admins.mfa_secret", "public", "admins", "secret"),
        ),
        schema="vault",
        evidence="s3://bucket/evidence",
        keys=KeyPolicy(90, 14, 30, 35),
        backup=BackupPolicy(30, "s3://bucket/backups"),
        optimise=OptimisePolicy(("SELECT id FROM users WHERE email = $1",)),
    )


def test_what_is_not_said_has_a_default():
    config = parse_config({"field": [ONE]})

    assert (config.schema, config.evidence) == ("reseal", "evidence")
    assert config.keys == KeyPolicy(365, 7, 7, base_backups_kept_days=None)
    assert config.backup == BackupPolicy(90, to=None)
    (field,) = config.fields
    assert (field.key, field.format, field.where) == ((), "base32", None)
    assert field.empty == frozenset({""})
    assert field.binds_row


@pytest.mark.parametrize(
    ("table", "schema", "name"),
    [
        ("users", "public", "users"),
        ("auth.mfa_factors", "auth", "mfa_factors"),
        ('public."2fa_secret"', "public", '"2fa_secret"'),
        ("a.b.c", "a.b", "c"),
    ],
)
def test_a_table_is_in_public_unless_it_says_otherwise(table, schema, name):
    (field,) = parse_config({"field": [ONE | {"table": table}]}).fields

    assert (field.schema, field.table) == (schema, name)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"name": ""}, "name is missing in field ''"),
        ({"table": ""}, "table is missing in field 'users.mfa_secret'"),
        ({"column": ""}, "column is missing in field 'users.mfa_secret'"),
        ({"colum": "x"}, "unknown word 'colum' in field 'users.mfa_secret'; known: name, table"),
        ({"name": 7}, "name in field 7 must be a string"),
        ({"key": "id"}, "key in field 'users.mfa_secret' must be a list"),
        ({"key": [1]}, "key in field 'users.mfa_secret' must be a list of strings"),
        ({"empty": [False]}, "empty in field 'users.mfa_secret' must be a list of strings"),
        ({"format": "base64"}, "format in field 'users.mfa_secret' must be one of base32, hex"),
        ({"bind": "table"}, "bind in field 'users.mfa_secret' must be one of row, field"),
        ({"where": ["x"]}, "where in field 'users.mfa_secret' must be a string"),
        ({"table": ".users"}, "must be written as schema.table"),
        ({"table": "public."}, "must be written as schema.table"),
        ({"path": "a..b"}, "path 'a..b' at position 2 has none of the steps"),
        ({"path": "a", "store": "side"}, 'path and store = "side" in field'),
        ({"store": "disk"}, "store in field 'users.mfa_secret' must be one of column, side"),
        ({"declared": "yes"}, "declared in field 'users.mfa_secret' must be one of plaintext"),
        ({"triggers": "no"}, "triggers in field 'users.mfa_secret' must be one of fire, skip"),
    ],
)
def test_a_fault_in_a_field_is_named(edit, says):
    with pytest.raises(ConfigurationError) as caught:
        parse_config({"field": [ONE | edit]})

    assert says in str(caught.value)


@pytest.mark.parametrize("word", ["name", "table", "column"])
def test_a_field_needs_a_name_a_table_and_a_column(word):
    with pytest.raises(FieldError, match=f"{word} is missing in field"):
        parse_config({"field": [{k: v for k, v in ONE.items() if k != word}]})


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({}, "no [[field]] is described; name at least one column"),
        ({"field": []}, "no [[field]] is described"),
        ({"field": ONE}, "field at the top must be a list"),
        ({"field": ["users"]}, "field must be a list of tables; write [[field]]"),
        ({"fields": [ONE]}, "unknown word 'fields' at the top; known: reseal, keys, backup"),
        ({"reseal": "x", "field": [ONE]}, "reseal at the top must be a table"),
        ({"reseal": {"kek": "x"}, "field": [ONE]}, "unknown word 'kek' in [reseal]"),
        ({"reseal": {"schema": 1}, "field": [ONE]}, "schema in [reseal] must be a string"),
        ({"reseal": {"schema": "a b"}, "field": [ONE]}, "is not a plain SQL name"),
        ({"reseal": {"schema": ""}, "field": [ONE]}, "is not a plain SQL name"),
        ({"reseal": {"schema": 'x"; --'}, "field": [ONE]}, "is not a plain SQL name"),
        ({"reseal": {"schema": "x" * 64}, "field": [ONE]}, "is not a plain SQL name"),
        *(
            (
                {"reseal": {"most_quarantined_percent": given}, "field": [ONE]},
                "most_quarantined_percent in [reseal] must be a whole number",
            )
            for given in (-1, 101, True, 9.5, "10")
        ),
        ({"reseal": {"evidence": []}, "field": [ONE]}, "evidence in [reseal] must be a string"),
        ({"field": [ONE, ONE | {"column": "other"}]}, "two fields are named 'users.mfa_secret'"),
    ],
)
def test_a_fault_in_the_document_is_named(document, says):
    with pytest.raises(ConfigurationError) as caught:
        parse_config(document)

    assert says in str(caught.value)


@pytest.mark.parametrize("percent", [0, 10, 100])
def test_the_breaker_has_a_limit_of_its_own_or_the_usual_one(percent):
    document = {"reseal": {"most_quarantined_percent": percent}, "field": [ONE]}

    assert parse_config(document).most_quarantined_percent == percent
    assert parse_config({"field": [ONE]}).most_quarantined_percent == 10


def test_a_page_has_plots_unless_told_otherwise():
    assert parse_config({"field": [ONE]}).plots is True
    assert parse_config({"reseal": {"plots": False}, "field": [ONE]}).plots is False


LEAST = {
    "cryptoperiod_days": 1, "read_window_days": 1, "disabled_days": 7, "base_backups_kept_days": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "days"), [(word, days) for word, least in LEAST.items() for days in (least, 36_500)]
)
def test_a_period_is_a_number_of_days(word, days):
    assert getattr(parse_config({"keys": {word: days}, "field": [ONE]}).keys, word) == days


@pytest.mark.parametrize(
    ("word", "days"),
    [(word, days) for word, least in LEAST.items() for days in (least - 1, 36_501, True, -(2**70))],
)
def test_a_period_that_is_too_short_or_too_long_is_refused(word, days):
    says = rf"{word} in \[keys\] must be a number of days from {LEAST[word]} to 36500"

    with pytest.raises(ConfigurationError, match=says):
        parse_config({"keys": {word: days}, "field": [ONE]})


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"disabled_days": "7"}, "disabled_days in [keys] must be a whole number"),
        ({"disabled_days": 7.5}, "disabled_days in [keys] must be a whole number"),
        ({"disabled": 7}, "unknown word 'disabled' in [keys]; known: cryptoperiod_days, read_"),
        ([], "keys at the top must be a table"),
        (7, "keys at the top must be a table"),
    ],
)
def test_a_fault_in_the_policy_on_keys_is_named(keys, says):
    with pytest.raises(ConfigurationError) as caught:
        parse_config({"keys": keys, "field": [ONE]})

    assert says in str(caught.value)


@pytest.mark.parametrize("days", [1, 36_500])
def test_a_backup_is_kept_for_a_number_of_days(days):
    assert parse_config({"backup": {"kept_days": days}, "field": [ONE]}).backup.kept_days == days


@pytest.mark.parametrize(
    ("backup", "says"),
    [
        ({"kept_days": 0}, "kept_days in [backup] must be a number of days from 1 to 36500"),
        ({"kept_days": 36_501}, "kept_days in [backup] must be a number of days from 1 to 36500"),
        ({"kept_days": True}, "kept_days in [backup] must be a number of days from 1 to 36500"),
        ({"kept_days": "7"}, "kept_days in [backup] must be a whole number"),
        ({"days": 7}, "unknown word 'days' in [backup]; known: kept_days, to"),
        ({"to": 7}, "to in [backup] must be a string"),
        ({"to": ""}, "a place for files is a directory or a URL, not empty"),
        ({"to": "sftp://ada:secret@host/x"}, "has a password"),
        ([], "backup at the top must be a table"),
    ],
)
def test_a_fault_in_the_words_on_backups_is_named(backup, says):
    with pytest.raises(ConfigurationError) as caught:
        parse_config({"backup": backup, "field": [ONE]})

    assert says in str(caught.value)
    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[[field]]\nname = ", "is not valid TOML: "),
        (b"\xff\xfe", "is not UTF-8 text"),
        ("", "no [[field]] is described"),
        ("[[field]]\nname = 'x'\n", "table is missing in field 'x'"),
    ],
)
def test_a_fault_names_the_file(written, content, says):
    path = written(content)

    with pytest.raises(ConfigurationError) as caught:
        load_config(path)
    assert str(caught.value).startswith(str(path))
    assert says in str(caught.value)


def test_a_missing_file_says_how_to_write_one(tmp_path):
    with pytest.raises(ConfigurationError, match=r"cannot be read \(No such file.*reseal init"):
        load_config(tmp_path / "none.toml")


def test_fields_are_found_by_name_in_the_order_asked_for():
    config = parse_config({"field": [ONE, ONE | {"name": "b"}, ONE | {"name": "c"}]})

    assert [field.name for field in config.select(["c", "b", "c"])] == ["c", "b"]
    assert config.select([]) == config.fields
    with pytest.raises(FieldError, match=r"no field 'd'.*it has users.mfa_secret, b, c"):
        config.select(["d"])


def test_with_bind_field_the_place_has_no_row():
    (field,) = parse_config({"field": [ONE | {"bind": "field"}]}).fields

    assert field.place((1, "a")).key == ()
    assert parse_config({"field": [ONE]}).fields[0].place((1, "a")).key == (1, "a")
