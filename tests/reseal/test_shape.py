"""What a stored value is; Python and SQL must say the same of every value."""

from base64 import b32encode
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reseal.census import take_census
from reseal.envelope import PREFIX, write
from reseal.shape import PATTERNS, Shape, shape_of

NONE = frozenset({""})
SEED = "JBSWY3DPEHPK3PXP"
HEX = "3132333435363738393031323334353637383930"
SEALED = write(1, bytes(12), bytes(16), b"x")

PLAIN, FOREIGN, UNRECOGNISED = Shape.PLAIN, Shape.FOREIGN, Shape.UNRECOGNISED

BASE32 = {
    SEED: PLAIN,
    SEED * 2: PLAIN,
    SEED.lower(): PLAIN,
    "JbSwY3DPEHPK3pxp": PLAIN,
    "JBSW Y3DP EHPK 3PXP": PLAIN,
    "jbsw-y3dp-ehpk-3pxp": PLAIN,
    "MFRGGZDFMZTWQ2LKNNWG23TPOA======": PLAIN,
    SEED + "\n": PLAIN,
    " " + SEED: PLAIN,
    "A" * 26 + "======\n": PLAIN,
    "A" * 56: PLAIN,
    "A" * 64: PLAIN,
    "A" * 57: UNRECOGNISED,
    "A" * 65: UNRECOGNISED,
    "A" * 4000: UNRECOGNISED,
    SEED + "\r\n": PLAIN,
    "JBSWY 3DPEH PK3PX P": PLAIN,
    "jbswy3dp ehpk3pxp": PLAIN,
    "JBSW-Y3DP-EHPK-3PXP-JBSW-Y3DP-EHPK-3P": PLAIN,
    "MFRG GZDF MZTW Q2LK NNWG 23TP OA== ====": PLAIN,
    " JBSW Y3DP EHPK 3PXP\n": PLAIN,
    " ".join(["ABCD"] * 16): PLAIN,
    " ".join(["ABCD"] * 18): UNRECOGNISED,
    "JBSW Y3DP-EHPK 3PXP": UNRECOGNISED,
    "JBSW  Y3DP  EHPK  3PXP": UNRECOGNISED,
    "JBS WY3 DPE HPK 3PX PJB": UNRECOGNISED,
    "JBSW Y3DPE HPK3 PXPA": UNRECOGNISED,
    "correct horse battery staple": UNRECOGNISED,
    "it was the best of times": UNRECOGNISED,
    # These are words, and nothing in them says so.
    "thisisjustsometext": PLAIN,
    "this that with them": PLAIN,
    "2345672345672345": PLAIN,
    "ABCDEF234567ABCD": PLAIN,
    SEED[:15]: UNRECOGNISED,
    "JBSWY3DPEHPK3PX1": UNRECOGNISED,
    "JBSWY3DPEHPK3PX0": UNRECOGNISED,
    "JBSWY3DPEHPK8PXP": UNRECOGNISED,
    SEED + " \n\n": UNRECOGNISED,
    "  " + SEED: UNRECOGNISED,
    "\n" + SEED: UNRECOGNISED,
    SEED + "\t": UNRECOGNISED,
    SEED + "=A": UNRECOGNISED,
    "".join(chr(ord(c) + 0xFEE0) for c in SEED): UNRECOGNISED,
    "JBSWY3DPEHPK3PX\u017f": UNRECOGNISED,
    "JBSWY3DPEHPK3PXé": UNRECOGNISED,
    "false": UNRECOGNISED,
    " " * 16: UNRECOGNISED,
    "{}": UNRECOGNISED,
    "correct horse battery staple!": UNRECOGNISED,
    HEX: UNRECOGNISED,
}

OTHERS = {
    ("hex", HEX): PLAIN,
    ("hex", "ABCDEF0123456789abcd"): PLAIN,
    ("hex", HEX + "a"): UNRECOGNISED,
    ("hex", HEX[:18]): UNRECOGNISED,
    ("hex", HEX + "\n"): UNRECOGNISED,
    ("hex", SEED): UNRECOGNISED,
    ("hex", "ab" * 35): PLAIN,
    ("hex", "ab" * 36): UNRECOGNISED,
    ("hex", "ab" * 40): PLAIN,
    ("hex", "ab" * 41): UNRECOGNISED,
    ("hex", "0x" + HEX): UNRECOGNISED,
    ("otpauth", f"OTPAUTH://TOTP/x?secret={SEED}"): PLAIN,
    ("otpauth", f"otpauth://totp/x?secret={SEED}%3D%3d=&issuer=x"): PLAIN,
    ("otpauth", f"otpauth://totp/x?secret={SEED}%3E"): UNRECOGNISED,
    ("bytes", "0123456789"): PLAIN,
    ("bytes", "\\000" * 10): PLAIN,
    ("bytes", "\\\\" * 35): PLAIN,
    ("bytes", "\\377a\n\\\\" * 10): PLAIN,
    ("bytes", "123456789"): UNRECOGNISED,
    ("bytes", "\\000" * 9): UNRECOGNISED,
    ("bytes", "a" * 36): UNRECOGNISED,
    ("bytes", "a" * 41): UNRECOGNISED,
    ("bytes", "0123456789\\"): UNRECOGNISED,
    ("bytes", "0123456789\\38"): UNRECOGNISED,
    ("otpauth", f"otpauth://totp/Acme:ada?secret={SEED}&issuer=Acme"): PLAIN,
    ("otpauth", f"otpauth://totp/x?issuer=A&digits=8&secret={SEED}"): PLAIN,
    ("otpauth", f"otpauth://totp/x?secret={SEED}===&a=\n"): PLAIN,
    ("otpauth", f"otpauth://totp/?secret={SEED.lower()}"): PLAIN,
    ("otpauth", f"otpauth://hotp/x?secret={SEED}"): UNRECOGNISED,
    ("otpauth", f"otpauth://totp/x?nosecret={SEED}"): UNRECOGNISED,
    ("otpauth", "otpauth://totp/x?secret="): UNRECOGNISED,
    ("otpauth", SEED): UNRECOGNISED,
    ("text", "any words, é or 東京\nand more"): PLAIN,
    ("text", " "): PLAIN,
    ("text", "\n"): PLAIN,
}

# What only the operator's word makes plaintext, and what not even that does.
DECLARED = {
    ("base32", "A" * 4000): PLAIN,
    ("base32", " ".join(["ABCD"] * 18)): PLAIN,
    ("base32", "A" * 15): UNRECOGNISED,
    ("base32", "correct horse battery staple"): UNRECOGNISED,
    ("hex", "ab" * 64): PLAIN,
    ("hex", "ab" * 64 + "a"): UNRECOGNISED,
    ("hex", "ab" * 9): UNRECOGNISED,
    ("bytes", "a" * 100): PLAIN,
    ("bytes", "a"): PLAIN,
    ("bytes", "\\"): UNRECOGNISED,
    ("text", "a"): PLAIN,
    ("otpauth", SEED): UNRECOGNISED,
    ("hex", "gAAAAABlkkkk"): FOREIGN,
}

# What other applications and libraries write; each is somebody else's to open.
FOREIGN_LAYOUTS = {
    "Fernet": "gAAAAABl0Zk1Xr7b3q9c3bZf2b8pQ6yq0a1vJm9o4s5t6u7v8w==",
    "Fernet that is base32 as well": "gAAAAABABCDEFABCDEFABCDEF",
    "Rails encrypted attribute": '{"p":"8BAc8dGXqxksThLNmKmbWG8=","h":{"iv":"NgqthINGlvoN+fhP"}}',
    "Laravel": "eyJpdiI6IkFBQUFBQUFBQUFBQUFBQUFBQUFBQT09IiwidmFsdWUiOiIifQ==",
    "Vault Transit": "vault:v1:cZNHVx+sxdMErXRSuDa1q/pz49fXTn1PScKfhf+PIZPvy8xKfkytpwKcbC0fF2U=",
    "Vault Transit, later key": "vault:v12:cZNHVx",
    "JWE": "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..x.y.z",
    "GoTrue": '{"key_id":"k","alg":"aes-gcm-hkdf","data":"x","nonce":"y"}',
    "enc:": "enc:v2:abcdef",
    "encrypted:": "encrypted:abcdef",
    "v1:": "v1:abcdef",
    "v10.": "v10.abcdef",
    "passlib and crypt": "$pbkdf2-sha512$25000$abc$def",
    "Better Auth": "$ba$1$abcdef",
    "django-mfa": "mfa1:abcdef",
    "JSON with iv": '{"iv":"abc","content":"def"}',
    "JSON with ciphertext": '{"ciphertext":"abc"}',
}

EDGES = [
    *("\\A", "a\\", "'", '"', "%", "_", "$", "{}", "é" * 16, "\u2028", "\x7f", "\x01"),
    *(" ", "  ", "=", "=" * 16, "-" * 40, "- " * 20, "A-" * 16, "A --A" * 8),
    *(f"v{n}" for n in ("", ":", "1", "1:", "1.", "12;", "\uff11:")),
    *("$a$", "$$", "$é$", "vault:v:", "vault:v1", "enc", '{"iv"', '{"iv":', '{ "iv":'),
]


@pytest.mark.parametrize(("text", "shape"), BASE32.items(), ids=map(ascii, BASE32))
def test_base32_is_recognised_in_the_spellings_that_are_in_use(text, shape):
    assert shape_of(text, "base32", NONE) is shape


@pytest.mark.parametrize(("value", "shape"), OTHERS.items(), ids=map(ascii, OTHERS))
def test_other_formats_are_recognised(value, shape):
    format_name, text = value

    assert shape_of(text, format_name, NONE) is shape


@pytest.mark.parametrize(("value", "shape"), DECLARED.items(), ids=map(ascii, DECLARED))
def test_a_declared_field_has_no_upper_limit_of_size(value, shape):
    format_name, text = value

    assert shape_of(text, format_name, NONE, declared=True) is shape


@pytest.mark.parametrize("format_name", PATTERNS)
@given(text=st.text("ABCDEFGHabc234567 -=01\\{:.\n", max_size=80))
def test_a_declaration_only_adds_to_what_is_plain(format_name, text):
    if shape_of(text, format_name, NONE) is PLAIN:
        assert shape_of(text, format_name, NONE, declared=True) is PLAIN


@given(
    size=st.sampled_from([10, 16, 20, 32]),
    data=st.data(),
    lower=st.booleans(),
    padded=st.booleans(),
    group=st.sampled_from([0, 4, 5, 8]),
    joint=st.sampled_from(" -"),
    begin=st.sampled_from(["", " "]),
    end=st.sampled_from(["", "\n", "\r\n"]),
)
def test_every_spelling_of_a_random_secret_is_plain(
    size, data, lower, padded, group, joint, begin, end
):
    text = b32encode(data.draw(st.binary(min_size=size, max_size=size))).decode()
    letters = text.rstrip("=")
    if group:
        letters = joint.join(letters[n : n + group] for n in range(0, len(letters), group))
    padding = "=" * text.count("=") if padded else ""
    spelled = begin + (letters.lower() if lower else letters) + padding + end

    assert shape_of(spelled, "base32", NONE) is PLAIN


@pytest.mark.parametrize("format_name", PATTERNS)
@pytest.mark.parametrize("text", FOREIGN_LAYOUTS.values(), ids=FOREIGN_LAYOUTS)
def test_what_another_application_encrypted_is_foreign_in_any_format(text, format_name):
    assert shape_of(text, format_name, NONE) is FOREIGN


@pytest.mark.parametrize("format_name", PATTERNS)
def test_an_envelope_is_sealed_in_any_format(format_name):
    assert shape_of(SEALED, format_name, NONE) is Shape.SEALED
    assert shape_of(PREFIX, format_name, NONE) is Shape.SEALED


@pytest.mark.parametrize("format_name", PATTERNS)
@pytest.mark.parametrize("text", [None, "", "false", " " * 16])
def test_what_the_field_calls_empty_is_empty_in_any_format(text, format_name):
    empty = frozenset({"", "false", " " * 16})

    assert shape_of(text, format_name, empty) is Shape.EMPTY


def test_without_an_empty_list_only_null_is_empty():
    assert shape_of(None, "base32", frozenset()) is Shape.EMPTY
    assert shape_of("", "base32", frozenset()) is UNRECOGNISED


characters = st.characters(codec="utf-8", exclude_characters="\0")
near_base32 = st.text("ABab27 -=\n10é", min_size=10, max_size=40)
near_hex = st.text("0aF9g\n", min_size=15, max_size=30)
near_otpauth = st.lists(
    st.sampled_from(["otpauth://", "totp/", "?", "&", "secret=", "ABCD", "=", "é", "\n"])
).map("".join)
begun = st.sampled_from([*FOREIGN_LAYOUTS.values(), *EDGES, PREFIX, SEALED, "eyJ"])
near_foreign = st.builds(lambda a, n, b: a[:n] + b, begun, st.integers(0, 12), near_base32)
values = st.one_of(
    st.none(), st.text(characters, max_size=30), near_base32, near_hex, near_otpauth, near_foreign
)


def counted(texts, format_name: str, empty: frozenset[str], declared: bool) -> dict[Shape, int]:
    """Count in Python what the census counts in SQL; a damaged envelope is no sealed one."""
    counts = dict.fromkeys(Shape, 0)
    for text in texts:
        shape = shape_of(text, format_name, empty, declared)
        if shape is Shape.SEALED and not text.startswith(SEALED[:28]):
            shape = UNRECOGNISED
        counts[shape] += 1
    return counts


@pytest.mark.parametrize("format_name", PATTERNS)
@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize("empty", [NONE, frozenset(), frozenset({"", "100%", "it's", "\\", " "})])
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
        HealthCheck.too_slow,
    ],
)
@given(made=st.lists(values, min_size=60, max_size=60))
def test_the_census_in_sql_agrees_with_python(
    store, admin, access, format_name, empty, declared, made
):
    others = [text for _, text in [*OTHERS, *DECLARED]]
    table = [*BASE32, *others, *FOREIGN_LAYOUTS.values(), *EDGES, SEALED]
    texts = [*made, *table, "100%", "it's", "100%%"]
    admin.execute("TRUNCATE users")
    with admin.cursor().copy("COPY users (email, mfa_secret) FROM STDIN") as copy:
        for number, text in enumerate(texts):
            copy.write_row((f"{number}@example.com", text))
    target = access.target(store, "users.mfa_secret")
    field = replace(target.field, format=format_name, empty=empty, declared=declared)

    census = take_census(store, replace(target, field=field))
    found = {shape: getattr(census, shape, None) for shape in Shape}
    found[Shape.SEALED] = census.all_sealed
    assert found == counted(texts, format_name, empty, declared)
