"""Preflight asks for a declaration where the alphabet cannot tell plaintext from ciphertext."""

import json

import pytest

from reseal.config import parse_config
from reseal.errors import FieldError
from reseal.preflight import Verdict
from tests.conftest import USERS_FIELD
from tests.reseal.foreign_examples import SIGNATURE
from tests.reseal.test_preflight import found, look

OK, WARN, REFUSE = Verdict.OK, Verdict.WARN, Verdict.REFUSE
CHECK = "content: ambiguity"
FERNET = "gAAAAABrBUEH2Zuw"
OTPAUTH = "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"

# The format, the values with how many rows have each, the verdict, what the value says.
SIZES = {
    "base32 of the usual sizes": (
        "base32",
        {"A" * 16: 3, "a" * 26 + "======\n": 2, "ABCD " * 7 + "ABCD": 2},
        OK,
        "all of a secret's usual size",
    ),
    "base32 of 32 bytes": (
        "base32",
        {"A" * 16: 90, "A" * 52: 12},
        WARN,
        "base32 of 52 characters (12 rows) could as well be ciphertext",
    ),
    "several sizes, the most frequent first": (
        "base32",
        {"A" * 24: 2, "A" * 52: 3, "A" * 32: 9},
        WARN,
        "base32 of 52 characters (3 rows), base32 of 24 characters (2 rows) could",
    ),
    "hex of the usual sizes": ("hex", {"ab" * 10: 1, "AB" * 16: 2, "12" * 20: 1}, OK, "all of"),
    "hex of 32 bytes": ("hex", {"ab" * 32: 5}, WARN, "hex of 64 characters (5 rows) could"),
    "base32 that is too long without a declaration": (
        "base32",
        {"A" * 16: 90, "A" * 104: 2},
        REFUSE,
        "base32 of 104 characters (2 rows) could as well be ciphertext; 2 rows are plain only if",
    ),
    "hardly any that is too long": (
        "base32",
        {"A" * 16: 300, "A" * 104: 3},
        WARN,
        "base32 of 104 characters (3 rows) could as well be ciphertext",
    ),
    "hex that is all too long": ("hex", {"ab" * 60: 4}, REFUSE, "hex of 120 characters (4 rows)"),
    "raw keys of the usual sizes": ("bytes", {"\\000a\\\\" * 4 + "abcd": 3}, OK, "all of"),
    "raw keys of 32 bytes": ("bytes", {"\\377" * 32: 3}, WARN, "32 bytes (3 rows) could"),
    "otpauth": ("otpauth", {OTPAUTH: 3}, OK, "an otpauth URL is no ciphertext"),
    "phrases": ("text", {"correct horse battery staple" * 3: 3, "a" * 60: 1}, OK, "no name"),
    "text that is all long base64": (
        "text",
        {"YWNfmZ3yU9wEhbDHkzZFqg" * 3 + "==": 3, "ab" * 32: 2},
        WARN,
        "all 5 rows looked at are long hex or base64",
    ),
    "no row": ("base32", {}, OK, "all of"),
    "no row of text": ("text", {}, OK, "no name"),
    "only what is no secret of this field": ("hex", {FERNET: 4, "": 2, "words!": 1}, OK, "all of"),
}

NAMES = {
    "a column that says encrypted": ("encrypted_otp_secret", (), REFUSE),
    "a column that says cipher": ("otpCipherText", (), REFUSE),
    "a column that ends in enc": ("secret_enc", (), REFUSE),
    "a column that has enc in the middle of a word": ("frequency", (), OK),
    "an iv of this column": ("secret", ("secret_iv",), REFUSE),
    "a nonce of this column in camel case": ("secret", ("secretNonce",), REFUSE),
    "an iv beside it": ("secret", ("IV",), REFUSE),
    "a salt of another column": ("secret", ("password_salt",), OK),
}


def hold(admin, values: dict[str, int]) -> None:
    for text, rows in values.items():
        admin.execute(
            "INSERT INTO users (email, mfa_secret) SELECT gen_random_uuid()::text, %s"
            " FROM generate_series(1, %s)",
            [text, rows],
        )


def as_its_format_is_stored(admin, format_name: str) -> None:
    if format_name == "bytes":
        admin.execute(
            "ALTER TABLE users ALTER mfa_secret TYPE bytea USING decode(mfa_secret, 'escape')"
        )


@pytest.mark.parametrize(("format_name", "values", "verdict", "says"), SIZES.values(), ids=SIZES)
def test_sizes_are_judged(scene, admin, format_name, values, verdict, says):
    hold(admin, values)
    as_its_format_is_stored(admin, format_name)

    check = found(look(scene.described(format=format_name).access), CHECK)

    assert (check.verdict, check.value[: len(says)]) == (verdict, says)
    assert ('declared = "plaintext"' in check.remedy) is (verdict is not OK)


@pytest.mark.parametrize("format_name", ["base32", "text"])
@pytest.mark.parametrize(("column", "others", "verdict"), NAMES.values(), ids=NAMES)
def test_names_are_judged(scene, column, others, verdict, format_name):
    columns = ", ".join(f'"{name}" text' for name in (*others, column))
    rows = [(1, *others, "JBSWY3DPEHPK3PXP")]
    scene = scene.table(f"id int PRIMARY KEY, {columns}", rows, column=column, format=format_name)

    assert found(look(scene.access), CHECK).verdict is verdict


@pytest.mark.parametrize("format_name", ["base32", "hex", "bytes", "text"])
def test_a_declaration_answers_the_question(scene, admin, format_name):
    hold(admin, {"ab" * 60: 3, "A" * 104: 3})
    as_its_format_is_stored(admin, format_name)
    admin.execute("ALTER TABLE users ADD mfa_secret_iv text")

    check = found(look(scene.described(format=format_name, declared="plaintext").access), CHECK)

    assert (check.verdict, check.value) == (OK, "declared as plaintext")


def test_only_a_declaration_seals_what_is_ambiguous(scene):
    scene.enrol("A" * 104, "A" * 64)

    assert (scene.census().plain, scene.census().unrecognised) == (1, 1)
    assert scene.described(declared="plaintext").census().plain == 2


def test_the_only_thing_to_declare_is_plaintext():
    with pytest.raises(FieldError, match=r"declared in field .* must be one of plaintext"):
        parse_config({"field": [USERS_FIELD | {"declared": "yes"}]})


def test_what_other_libraries_wrote_is_named_with_what_to_do(scene, admin):
    signed, pickled = f"x:1xVlFI:{SIGNATURE}", "KGRwMApWc2VjcmV0CnAx"
    hold(admin, {FERNET: 12, signed: 3, pickled: 2, "$2b$12$EixZaYVK": 1, "A" * 16: 5})

    check = found(look(scene.access), "content: foreign")

    assert check.verdict is WARN
    assert check.value == (
        "Fernet (12 rows), django signing, signed only (3 rows), "
        "pickle in base64, pickled (2 rows), password hash, hashed (1 rows)"
    )
    for words in ("decrypt these", "only signed", "pickled these", "a hash", "be quarantined"):
        assert words in check.remedy


def test_only_remedies_that_fit_are_given(scene, admin):
    hold(admin, {FERNET: 1})

    check = found(look(scene.access), "content: foreign")

    assert check.value == "Fernet (1 rows)"
    assert check.remedy == (
        "decrypt these with the application that wrote them; they will be quarantined"
    )


def document(column: str, **words: str) -> str:
    return json.dumps({"totp": {"secret": column, **words}})


@pytest.mark.parametrize(
    ("texts", "words", "verdict", "says"),
    [
        (["A" * 16, "A" * 32], {}, OK, "all of a secret's usual size"),
        (["A" * 52], {}, WARN, "base32 of 52 characters (1 rows) could"),
        (["A" * 104], {}, REFUSE, "base32 of 104 characters (1 rows) could"),
        (["A" * 16], {"nonce": "x"}, REFUSE, "named as ciphertext is: nonce"),
    ],
)
def test_leaves_of_documents_are_judged_alike(scene, texts, words, verdict, says):
    rows = [(n, document(text, **words)) for n, text in enumerate(texts)]
    columns = "id int PRIMARY KEY, data jsonb"
    scene = scene.table(columns, rows, column="data", path="totp.secret")

    check = found(look(scene.access), CHECK)
    assert (check.verdict, check.value[: len(says)]) == (verdict, says)


def test_what_other_libraries_wrote_into_leaves_is_named(scene):
    rows = [(1, document(FERNET)), (2, document("A" * 16))]
    columns = "id int PRIMARY KEY, data jsonb"
    scene = scene.table(columns, rows, column="data", path="totp.secret")

    assert found(look(scene.access), "content: foreign").value == "Fernet (1 rows)"
