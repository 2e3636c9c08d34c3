"""What values look like by themselves, and what names hint at."""

import pytest
from psycopg import sql

from reseal.discover.hints import hint, is_audit, is_history, is_pending
from reseal.discover.kinds import Kind, kind_of, kind_sql, trimmed
from reseal.discover.leaves import path_of, strings
from reseal.path import Path

KINDS = {
    "eyJrZXlWZXJzaW9uIjoxLCJ2IjoxLCJhbGciOiJBMjU2R0NNIn0=": Kind.ENVELOPE,
    "rs3.k2v7abcdefgh": Kind.ENVELOPE,
    "OTPAUTH://totp/x?secret=A": Kind.OTPAUTH,
    "otpauth-migration://offline?data=x": Kind.OTPAUTH,
    "data:image/png;base64,AAAA": Kind.IMAGE,
    "<svg xmlns='x'>": Kind.IMAGE,
    r"\211PNG\015": Kind.IMAGE,
    "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW": Kind.HASH,
    "gAAAAABk": Kind.FOREIGN,
    "vault:v1:AAAA": Kind.FOREIGN,
    "00112233445566778899aabbccddeeff:00112233445566778899aabbccddeeff": Kind.FOREIGN_IN_PARTS,
    "a1b2c3d4-0000-4000-8000-0123456789ab": Kind.UUID,
    "ABCDEF234567ABCD": Kind.EITHER,
    "JBSWY3DPEHPK3PXP": Kind.BASE32,
    "GEZDGNBVGY3TQOJQGEZDGNBVGY======": Kind.BASE32,
    " JBSWY3DPEHPK3PXP\n": Kind.BASE32,
    "0123456789abcdef0123456789abcdef01234567": Kind.HEX,
    "0123456789abcdef0123456789abcdef0123": Kind.ODD_HEX,
    "jbsw y3dp ehpk 3pxp": Kind.ODD_BASE32,
    "abcd-efgh": Kind.TOKEN,
    "12345678,23456789,34567890": Kind.CODES,
    "alpha;beta1;gamm2\n": Kind.CODES,
    '{"a": 1}': Kind.DOCUMENT,
    "[1]": Kind.DOCUMENT,
    "q83Q+/kX2aXv9pL0==": Kind.OPAQUE,
    "guac-totp-key-secret": Kind.WORD,
    "AuthenticatorKey": Kind.WORD,
    "otp": Kind.WORD,
    "ann@example.org": Kind.OTHER,
    "The depot, and 100% of it.": Kind.OTHER,
    "": None,
    "FALSE": None,
    "{}": None,
}


@pytest.mark.parametrize(("text", "kind"), KINDS.items())
def test_a_value_is_told_by_its_looks(text, kind):
    assert kind_of(text) is kind


def test_the_server_tells_the_same_of_every_value(admin):
    texts = [text for text, kind in KINDS.items() if kind]
    told = kind_sql(trimmed(sql.SQL("t")), sql.SQL("NULL::int")).as_string(admin)
    query = f"SELECT t, {told} FROM unnest(%s::text[]) AS x (t)"

    found = dict(admin.execute(query.encode(), [texts]).fetchall())

    assert found == {text: KINDS[text] for text in texts}


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (("users", "mfa_secret"), {"strong", "weak", "picture"}),
        (("user_profile", "twoFactorSecret"), {"strong", "weak", "picture"}),
        (("2fa", "value"), {"strong", "picture"}),
        (("mfa_factors", "friendly_name"), {"other", "picture"}),
        (("mfa_factors", "user_id"), {"other", "picture"}),
        (("users", "secret"), {"weak"}),
        (("users", "secret_hash"), {"other"}),
        (("footprints", "option"), set()),
        (("recovery_codes", "code"), {"spare"}),
        (("otp_static_statictoken", "token"), {"strong", "spare", "picture"}),
        (("backups", "backup_name"), {"other"}),
        (("users", "recovery_email"), {"other"}),
        (("users", "recovery_token"), set()),
        (("products", "qr_code"), {"picture"}),
    ],
)
def test_names_are_read_as_words(place, said):
    hinted = hint(*place)

    words = ("strong", "weak", "spare", "picture", "other")
    assert {word for word in words if getattr(hinted, word)} == said


def test_of_a_path_the_last_name_says_what_a_leaf_is():
    assert hint("t", "data", Path.parse("totp[*].secret")).strong
    assert not hint("t", "data", Path.parse("totp.issuer")).strong


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("users_history", True),
        ("user_audit", True),
        ("UserVersions", True),
        ("users_old", True),
        ("old_users", True),
        ("app_historicaluser", True),
        ("users_20240131", True),
        ("user_roles", False),
        ("superusers", False),
        ("history_of_art", False),
    ],
)
def test_a_history_is_known_by_the_name_of_its_table(table, expected):
    assert is_history(table, "users") is expected


def test_journals_and_pending_columns_are_known_by_their_names():
    assert [is_audit(name) for name in ("audit_log", "logged_actions", "auditorium")] == [
        True,
        True,
        False,
    ]
    names = ("temp_secret", "twoFactorTempSecret", "new_email", "secret_two", "old_password")
    assert [is_pending(name, "secret") for name in names] == [True, True, False, False, False]


def test_leaves_are_found_in_arrays_and_in_json_inside_strings():
    text = '{"a": [{"b": "x"}, {"b": "y"}], "c": "{\\"d e\\": \\"z\\"}", "n": 1, "m": "[no"}'

    found = [(str(path_of(spot)), leaf) for spot, leaf in strings(text)]

    assert found == [("a[*].b", "x"), ("a[*].b", "y"), ('c."d e"', "z"), ("m", "[no")]


@pytest.mark.parametrize("text", ["", "no", "1" * 5000, "[" * 100_000, '"text"', '{"a": NaN'])
def test_what_is_no_document_has_no_leaves(text):
    assert list(strings(text)) == []
