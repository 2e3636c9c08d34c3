"""Envelopes of every released version are spelled, opened and refused as ever."""

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal import errors
from reseal.envelope import Envelope
from reseal.keyring import DataKey, Keyring, KeyState
from reseal.place import Binding, Place
from reseal.secret import Secret
from tests.golden import GOLDEN, opens, refused, row_key

FORMAT = Path(__file__).parents[2] / "docs/format.md"


def each(read):
    found = [(path.parent.name, vector) for path in GOLDEN for vector in read(path)]
    names = [f"{version} {vector['what']}" for version, vector in found]
    return pytest.mark.parametrize("vector", [vector for _, vector in found], ids=names)


def keyring_of(vector: dict, active: int) -> Keyring:
    return Keyring(
        DataKey(
            int(version),
            KeyState.ACTIVE if int(version) == active else KeyState.RETIRING,
            bytes.fromhex(key),
        )
        for version, key in vector["keys"].items()
    )


def place_of(vector: dict) -> Place:
    return Place(vector["field"], row_key(vector))


@each(opens)
def test_a_golden_envelope_is_spelled_as_ever(vector):
    cipher = keyring_of(vector, vector["key_version"]).cipher(vector["field"])
    secret, iv = Secret(b64decode(vector["plaintext"])), bytes.fromhex(vector["iv"])

    assert str(cipher._seal(row_key(vector), secret, iv)) == vector["envelope"]


@each(opens)
def test_a_golden_envelope_opens_as_ever(vector):
    keyring = keyring_of(vector, max(map(int, vector["keys"])))
    secret = keyring.open(place_of(vector), Envelope.parse(vector["envelope"]))

    assert b64encode(secret.octets()).decode() == vector["plaintext"]


@each(opens)
def test_golden_bound_data_is_as_ever(vector):
    binding = Binding.of(vector["field"], vector["key_version"], "A256GCM")

    assert binding.data(row_key(vector)).hex() == vector["bound"]


@each(refused)
def test_what_was_refused_is_refused_as_ever(vector):
    keyring = keyring_of(vector, max(map(int, vector["keys"])))

    with pytest.raises(errors.EnvelopeError) as caught:
        keyring.open(place_of(vector), Envelope.parse(vector["value"]))
    assert type(caught.value).__name__ == vector["error"]


@each(opens)
def test_the_specification_alone_is_enough_to_make_a_golden_envelope(vector):
    """Follow docs/format.md with nothing of Reseal's own."""
    iv, bound = bytes.fromhex(vector["iv"]), bytes.fromhex(vector["bound"])
    cipher = AESGCM(bytes.fromhex(vector["keys"][str(vector["key_version"])]))
    sealed = cipher.encrypt(iv, b64decode(vector["plaintext"]), bound)
    parts = {"iv": iv, "tag": sealed[-16:], "ct": sealed[:-16]}
    document = {"keyVersion": vector["key_version"], "v": 1, "alg": "A256GCM"} | {
        name: b64encode(part).decode() for name, part in parts.items()
    }

    text = json.dumps(document, separators=(",", ":"))
    assert b64encode(text.encode()).decode() == vector["envelope"]


def test_every_error_of_the_specification_has_a_vector():
    sections = FORMAT.read_text().split("\n## ")
    (parsing,) = (text for text in sections if text.startswith("4. Parsing"))
    table = [row.split("|") for row in parsing.splitlines() if row.startswith("|")][2:]

    named = {cells[2].strip() for cells in table}
    assert named == {vector["error"] for path in GOLDEN for vector in refused(path)}
    assert all(issubclass(getattr(errors, name), errors.EnvelopeError) for name in named)


def first() -> dict:
    return opens(GOLDEN[0])[0]


def test_the_specification_shows_the_first_vector():
    characters = "".join(FORMAT.read_text().split())
    vector = first()

    shown = [vector["keys"]["1"], vector["iv"], vector["bound"], vector["envelope"]]
    shown += [b64decode(vector[name]).decode() for name in ("plaintext", "envelope")]
    assert all(text in characters for text in shown)


def test_the_specification_draws_the_bound_data_of_the_first_vector_byte_by_byte():
    drawn: list[bytes] = []
    for line in FORMAT.read_text().splitlines():
        offset, _, rest = line.strip().partition("  ")
        if line.startswith("    ") and offset.isdigit():
            octets = rest.strip().split("  ")[0]
            assert int(offset) == sum(map(len, drawn))
            drawn.append(bytes.fromhex(octets))

    assert b"".join(drawn).hex() == first()["bound"]
