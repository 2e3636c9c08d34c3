"""One secret sealed once has one spelling, and everything else is an error of its own type."""

import contextlib
import traceback
from base64 import b64decode, b64encode, urlsafe_b64encode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reseal.envelope import (
    HEAD_CHARACTERS,
    PREFIX,
    Envelope,
    length,
    looks_sealed,
    version_of,
    version_prefix,
    write,
)
from reseal.errors import EnvelopeError, MalformedEnvelope, NotSealed

ENVELOPE = Envelope(3, bytes(range(12)), bytes(range(100, 116)), b"\xfb\xff" * 16)
TEXT = str(ENVELOPE)
JSON = b64decode(TEXT)

envelopes = st.builds(
    Envelope,
    st.integers(1, 10**9 - 1),
    st.binary(min_size=12, max_size=12),
    st.binary(min_size=16, max_size=16),
    st.binary(max_size=80),
)


def spelled(json: bytes) -> str:
    return b64encode(json).decode()


def edited(old: bytes, new: bytes) -> str:
    assert JSON.count(old) == 1
    return spelled(JSON.replace(old, new))


def test_the_drawing_at_the_top_of_the_module_is_what_is_written():
    iv, tag, ct = (b64encode(part) for part in (ENVELOPE.iv, ENVELOPE.tag, ENVELOPE.ciphertext))

    assert (
        b'{"keyVersion":3,"v":1,"alg":"A256GCM","iv":"' + iv + b'","tag":"' + tag
        + b'","ct":"' + ct + b'"}'
    ) == JSON  # fmt: skip


@given(envelopes)
def test_what_is_written_parses_to_the_same_envelope(envelope):
    assert Envelope.parse(str(envelope)) == envelope


@given(envelopes)
def test_an_envelope_is_one_line_of_base64_without_a_comma(envelope):
    text = str(envelope)

    assert looks_sealed(text)
    assert text.isascii()
    assert text.isprintable()
    assert "," not in text


TAG = b64encode(ENVELOPE.tag)
CT = b64encode(ENVELOPE.ciphertext)

MALFORMED = {
    "a truncated tag": edited(TAG, b64encode(ENVELOPE.tag[:12])),
    "a longer tag": edited(TAG, b64encode(ENVELOPE.tag + b"\0")),
    "an empty tag": edited(TAG, b""),
    "a short iv": edited(b64encode(ENVELOPE.iv), b64encode(ENVELOPE.iv[:9])),
    "a long iv": edited(b64encode(ENVELOPE.iv), b64encode(ENVELOPE.iv + b"\0\0\0")),
    "other algorithm": edited(b"A256GCM", b"A128GCM"),
    "no algorithm": edited(b"A256GCM", b"none"),
    "lower-case algorithm": edited(b"A256GCM", b"a256gcm"),
    "v 2": edited(b'"v":1', b'"v":2'),
    "v as text": edited(b'"v":1', b'"v":"1"'),
    "v 1.0": edited(b'"v":1', b'"v":1.0'),
    "version 0": edited(b":3,", b":0,"),
    "version 01": edited(b":3,", b":01,"),
    "version 1.0": edited(b":3,", b":1.0,"),
    "version 1e0": edited(b":3,", b":1e0,"),
    "version -1": edited(b":3,", b":-1,"),
    "version as text": edited(b":3,", b':"3",'),
    "version of ten digits": edited(b":3,", b":1000000000,"),
    "a huge version": edited(b":3,", b":" + b"9" * 5000 + b","),
    "white space after a colon": edited(b'"v":1', b'"v": 1'),
    "white space at the end": spelled(JSON + b" "),
    "a line end inside": spelled(JSON + b"\n"),
    "reordered keys": edited(b'"v":1,"alg":"A256GCM"', b'"alg":"A256GCM","v":1'),
    "a duplicate key": edited(b'"v":1,', b'"v":1,"v":1,'),
    "another key": edited(b'"v":1,', b'"v":1,"kid":"x",'),
    "a missing key": edited(b'"alg":"A256GCM",', b""),
    "an escaped letter": edited(b'"alg"', b'"\\u0061lg"'),
    "two documents": spelled(JSON + JSON),
    "cut short": spelled(JSON[:-2]),
    "url-safe base64 inside": edited(CT, CT.replace(b"+", b"-").replace(b"/", b"_")),
    "missing padding inside": edited(TAG, TAG.rstrip(b"=")),
    "trailing bits inside": edited(TAG, TAG[:-3] + bytes([TAG[-3] + 1]) + b"=="),
    "excess padding inside": edited(CT, CT + b"=="),
    "missing padding": spelled(JSON + b"  ").rstrip("="),
    "a line end after": TEXT + "\n",
    "line ends between": "\n".join(TEXT[i : i + 76] for i in range(0, len(TEXT), 76)),
    "a blank in between": TEXT[:40] + " " + TEXT[40:],
    "beyond ASCII": TEXT[:60] + "é" + TEXT[61:],
    "a lone surrogate": TEXT[:60] + "\ud800" + TEXT[61:],
    "twice": TEXT + TEXT,
    "only the prefix": PREFIX,
    "the prefix and an accent": PREFIX + "é",
}

NOT_SEALED = {
    "empty": "",
    "base32": "JBSWY3DPEHPK3PXP",
    "plain JSON": JSON.decode(),
    "lower case": TEXT.lower(),
    "a blank before": " " + TEXT,
    "a byte-order mark before": "\ufeff" + TEXT,
    "another first key": edited(b'"keyVersion":3,"v":1', b'"v":1,"keyVersion":3'),
    "white space before": spelled(b" " + JSON),
    "the prefix cut short": PREFIX[:-1],
    "a JSON Web Token": "eyJhbGciOiJIUzI1NiJ9.e30.x",
    "a version in other digits": edited(b":3,", ":٣,".encode()),
    "a list": spelled(b"[" + JSON + b"]"),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_any_other_spelling_is_malformed(text):
    with pytest.raises(MalformedEnvelope):
        Envelope.parse(text)


@pytest.mark.parametrize("text", NOT_SEALED.values(), ids=NOT_SEALED)
def test_what_does_not_begin_as_an_envelope_is_not_sealed(text):
    with pytest.raises(NotSealed):
        Envelope.parse(text)


def test_url_safe_base64_is_another_spelling():
    text = str(Envelope(63, b"\xff" * 12, b"\xff" * 16, b"\xff" * 32))
    # JSON is ASCII, whose base64 has neither + nor /, so the alphabets differ only inside.
    assert urlsafe_b64encode(b64decode(text)).decode() == text


def test_missing_padding_outside_is_malformed():
    texts = [write(10**n, b"i" * 12, b"t" * 16, b"") for n in range(3)]
    padded = [text for text in texts if text.endswith("=")]
    assert len(padded) == 2

    for text in padded:
        with pytest.raises(MalformedEnvelope):
            Envelope.parse(text.rstrip("="))


def test_trailing_bits_outside_are_malformed():
    text = next(t for n in range(3) if (t := write(10**n, bytes(12), bytes(16), b""))[-1] == "=")
    last = text.rstrip("=")[-1]
    other = text.replace(last + "=", chr(ord(last) + 1) + "=")
    assert b64decode(other) == b64decode(text)

    with pytest.raises(MalformedEnvelope):
        Envelope.parse(other)


def test_every_edit_of_one_character_is_refused_or_changes_what_is_sealed():
    for position, character in enumerate(TEXT):
        for other in "A7z/+=- é,":
            if other == character:
                continue
            text = TEXT[:position] + other + TEXT[position + 1 :]
            try:
                parsed = Envelope.parse(text)
            except EnvelopeError:
                continue
            assert parsed != ENVELOPE
            assert str(parsed) == text


@settings(max_examples=1500)
@given(st.text())
@example(PREFIX)
def test_any_text_at_all_parses_or_is_an_envelope_error(text):
    for candidate in (text, PREFIX + text, TEXT[:40] + text):
        expected = MalformedEnvelope if looks_sealed(candidate) else NotSealed
        with contextlib.suppress(expected):
            assert str(Envelope.parse(candidate)) == candidate


@settings(max_examples=1500)
@given(envelopes, st.data())
def test_a_mutated_document_parses_to_its_own_spelling_or_is_an_envelope_error(envelope, data):
    json = bytearray(b64decode(str(envelope)))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(json) - 1))
        json[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    text = spelled(bytes(json))

    with contextlib.suppress(EnvelopeError):
        assert str(Envelope.parse(text)) == text


@pytest.mark.parametrize("text", [*MALFORMED.values(), *NOT_SEALED.values()])
def test_an_error_quotes_nothing_of_the_value(text):
    with pytest.raises(EnvelopeError) as caught:
        Envelope.parse(text)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    said = traceback.format_exception_only(caught.value)[0]
    assert not any(text[i : i + 12] in said for i in range(len(text) - 11))


def test_the_prefixes_of_versions_1_to_3000_tell_them_apart():
    iv, tag = bytes(12), bytes(16)
    prefixes = {version: version_prefix(version) for version in range(1, 3001)}
    texts = {version: write(version, iv, tag, b"x") for version in prefixes}
    by_prefix = {prefix: version for version, prefix in prefixes.items()}
    lengths = {len(prefix) for prefix in prefixes.values()}
    assert len(by_prefix) == 3000

    for version, text in texts.items():
        found = [by_prefix[head] for n in lengths if (head := text[:n]) in by_prefix]
        assert found == [version]


@given(envelopes)
def test_the_prefix_holds_nothing_random(envelope):
    version = envelope.key_version

    assert str(envelope).startswith(version_prefix(version))
    assert version_prefix(version).startswith(PREFIX)


@given(st.integers(1, 99_999), st.binary(min_size=12, max_size=12))
def test_the_first_characters_tell_the_version(version, iv):
    assert version_of(write(version, iv, bytes(16), b"")[:HEAD_CHARACTERS]) == version


@pytest.mark.parametrize(
    "head", ["", "eyJ", PREFIX, PREFIX + "é", PREFIX + "xxxxxxxxx", "====", "\n"]
)
def test_the_first_characters_of_something_else_tell_no_version(head):
    assert version_of(head) is None


@given(st.integers(0, 300), st.integers(1, 10**9 - 1))
def test_the_length_is_known_before_sealing(plaintext_bytes, version):
    text = write(version, bytes(12), bytes(16), bytes(plaintext_bytes))

    assert length(plaintext_bytes, version) == len(text)


def test_a_secret_of_32_characters_takes_196_under_a_version_of_one_digit():
    assert [length(32, version) for version in (1, 9, 10, 100)] == [196, 196, 200, 200]
