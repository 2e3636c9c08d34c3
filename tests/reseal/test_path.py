"""A path means one thing, to the operator, to the locator and to the server."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reseal.document import NotADocument, leaves
from reseal.errors import ConfigurationError, FieldError
from reseal.path import Chosen, Every, Index, Name, Path

texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=6
) | st.sampled_from(
    ["a", "0", "a.b", "[0]", "*", 'x"y', "\\", "é", "$oid", "two words", "\n\x7f\u2028", "😀"]
)
steps = (
    st.builds(Name, texts)
    | st.builds(Index, st.integers(0, 10**9 - 1))
    | st.just(Every())
    | st.builds(Chosen, texts, texts)
)


def is_stable(path):
    pairs = zip(path.steps, path.steps[1:], strict=False)
    return not any(isinstance(s, Chosen) and then == Name(s.member) for s, then in pairs)


paths = st.builds(Path, st.lists(steps, min_size=1, max_size=5).map(tuple)).filter(is_stable)


@given(paths)
def test_the_canonical_spelling_parses_to_the_same_path(path):
    assert Path.parse(str(path)) == path
    assert str(Path.parse(str(path))) == str(path)


@pytest.mark.parametrize(
    ("text", "expected", "canonical"),
    [
        ("secret", (Name("secret"),), None),
        ("a.b", (Name("a"), Name("b")), None),
        ("a[0]", (Name("a"), Index(0)), None),
        ("a[*].b", (Name("a"), Every(), Name("b")), None),
        ("[*]", (Every(),), None),
        ("[*][12].x-y", (Every(), Index(12), Name("x-y")), None),
        ("0.MetaData.Key", (Name("0"), Name("MetaData"), Name("Key")), None),
        (r'"a.b"."x\"y"', (Name("a.b"), Name('x"y')), None),
        (r'"ab"."\u0063\/"', (Name("ab"), Name("c/")), 'ab."c/"'),
        ("clé", (Name("clé"),), None),
        ('""', (Name(""),), None),
        (
            "credentials[type=totp].secret",
            (Name("credentials"), Chosen("type", "totp"), Name("secret")),
            None,
        ),
        ('[type="totp"]', (Chosen("type", "totp"),), "[type=totp]"),
        ('["a]"="=b"]', (Chosen("a]", "=b"),), None),
        ("[0=1]", (Chosen("0", "1"),), None),
        ('[type=""]', (Chosen("type", ""),), None),
    ],
)
def test_what_an_operator_writes(text, expected, canonical):
    path = Path.parse(text)

    assert path.steps == expected
    assert str(path) == (canonical or text)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1), (".a", 1), ("a.", 2), ("a..b", 2), ("a b", 2), ("a[", 2), ("a[]", 2),
        ("a[-1]", 2), ("a[01]", 2), ("a[0", 2), ("a[*]b", 5), ("a.[0]", 2), ("a.*", 2),
        ("$.a", 1), ('"a', 1), ('a."b\\"', 2), (r'"\x"', 1), ('"a\nb"', 1), (r'"\u0000"', 1),
        (r'a."\ud800"', 2), ("[a=]", 1), ("[=a]", 1), ("[a]", 1), (r'[a="\x"]', 1),
        ("[type=totp].type", 12), ("a[b=c].b.d", 7), ("[1234567890]", 1), ("a ", 2),
        (" a", 1), ("a[ 0 ]", 2), ("a/b", 2),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_position(text, position):
    with pytest.raises(FieldError, match="at position") as caught:
        Path.parse(text)

    assert isinstance(caught.value, ConfigurationError)
    assert repr(text) in str(caught.value)
    assert f"at position {position} " in str(caught.value)
    assert caught.value.__context__ is None


def test_the_spelling_for_the_server():
    path = Path.parse('"cre\\"ds"[type=totp].secret')

    assert path.jsonpath() == r'$."cre\"ds"[*] ? (@."type" == "totp")."secret"'


REAL = {
    "Flask-Security and passlib: JSON in a JSON string": (
        r'{"totp": "{\"enckey\":{\"c\":14,\"k\":\"KEY\"},\"type\":\"totp\",\"v\":1}"}',
        "totp.enckey.k", "KEY", 2,
    ),
    "a passlib document that was encoded twice": (
        r'"{\"keys\": {\"1\": \"KEY\"}, \"label\": \"\\u00e9\"}"', "keys.1", "KEY", 2,
    ),
    "Bitwarden": (
        '{"0":{"Enabled":true,"MetaData":{"Key":"KEY"}},"1":{"MetaData":{"Email":"a@b"}}}',
        "0.MetaData.Key", "KEY", 1,
    ),
    "Keycloak, secret_data": ('{"value":"KEY"}', "value", "KEY", 1),
    "Kratos": (
        '{"totp_url": "otpauth://totp/A:b?algorithm=SHA1&issuer=A&secret=KEY"}', "totp_url",
        "otpauth://totp/A:b?algorithm=SHA1&issuer=A&secret=KEY", 1,
    ),
    "allauth": ('{"secret": "KEY"}', "secret", "KEY", 1),
    "Misskey, an array": (
        '[{"id":"x","twoFactorSecret":null},{"id":"y","twoFactorSecret":"KEY"}]',
        "[1].twoFactorSecret", "KEY", 1,
    ),
    "credentials by type": (
        '{"credentials": [{"secret": "no", "type": "hotp"}, {"secret": "KEY", "type": "totp"}, 7]}',
        "credentials[type=totp].secret", "KEY", 1,
    ),
    "PHP": (r'{"url":"https:\/\/a.b\/c","secret":"KEY\/=="}', "secret", "KEY/==", 1),
}  # fmt: skip


@pytest.mark.parametrize(("text", "path", "secret", "depth"), REAL.values(), ids=list(REAL))
def test_the_paths_of_real_applications_lead_to_the_secret(text, path, secret, depth):
    (leaf,) = leaves(text, Path.parse(path))

    assert (leaf.text, leaf.is_string, leaf.depth) == (secret, True, depth)
    assert text[leaf.start : leaf.end] in (secret, secret.replace("/", r"\/"))


NAMES = ("a", "b", 'x"y', "é\\", "\n")
few_texts = st.sampled_from(NAMES)
few_steps = (
    st.builds(Name, few_texts)
    | st.builds(Index, st.integers(0, 2))
    | st.just(Every())
    | st.builds(Chosen, few_texts, few_texts)
)
few_paths = st.builds(Path, st.lists(few_steps, min_size=1, max_size=3).map(tuple))
# Strings on the way would be read as JSON by the locator alone, so documents have other scalars.
scalars = st.none() | st.booleans() | st.integers(0, 9)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(few_texts, inner, max_size=3)
        | st.builds(lambda inner, name, value: {**inner, name: value},
                    st.dictionaries(few_texts, inner, max_size=2), few_texts, few_texts)
    ),
    max_leaves=12,
)  # fmt: skip


# One server test draws many examples from one database.
on_a_server = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def found_on(store, text, jsonpath):
    (found,) = store.need("SELECT jsonb_path_query_array(%s::jsonb, %s)", [text, jsonpath])
    return found


def found_here(text, path):
    found = leaves(text, path)
    return [leaf.text if leaf.is_string else json.loads(leaf.text or "null") for leaf in found]


@on_a_server
@given(paths)
def test_the_server_reads_every_path(store, path):
    assert store.need("SELECT %s::jsonpath IS NOT NULL", [path.jsonpath()]) == (True,)
    assert store.need("SELECT %s::jsonpath IS NOT NULL", [path.strict_jsonpath()]) == (True,)


@on_a_server
@given(documents, few_paths)
def test_the_server_finds_the_same_leaves(store, document, path):
    (text,) = store.need("SELECT %s::jsonb::text", [json.dumps(document)])
    try:
        ours = found_here(text, path)
    except NotADocument:
        # A string stood on the way, which only the locator would have entered.
        return

    assert found_on(store, text, path.strict_jsonpath()) == ours
    lax = found_on(store, text, path.jsonpath())
    assert all(lax.count(leaf) >= ours.count(leaf) for leaf in ours)


@pytest.mark.parametrize(
    ("text", "written", "here", "lax"),
    [
        ('[{"a": 1}]', "a", [], [1]),
        ('{"a": 1}', "a[0]", [], [1]),
        ('{"a": 1}', "[*].a", [], [1]),
        ('[[{"a": "b", "c": 1}]]', "[a=b].c", [], [1]),
        ('{"a": "{\\"b\\": 1}"}', "a.b", [1], []),
        ('{"e": [{"a": "b", "c": 1}, {"a": "d", "c": 2}, 3]}', "e[a=b].c", [1], [1]),
    ],
)
def test_where_a_lax_path_differs(store, text, written, here, lax):
    path = Path.parse(written)

    assert found_here(text, path) == here
    assert found_on(store, text, path.jsonpath()) == lax
