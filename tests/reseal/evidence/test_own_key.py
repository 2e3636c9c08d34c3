"""The signing key beside the bundles opens by the KEK that wrapped it, and moves to another."""

import json
import os
from base64 import b64decode
from pathlib import Path

import pytest

from reseal.errors import EvidenceError, KekError
from reseal.evidence.dsse import signed
from reseal.evidence.own_key import OWN_KEY, PAYLOAD_TYPE, own_key, own_public_key, rewrap
from reseal.evidence.shelf import LocalShelf
from reseal.evidence.signing_key import open_signing_key
from reseal.evidence.spelling import spelled
from reseal.kek.local import LocalKek


@pytest.fixture
def shelf(tmp_path: Path) -> LocalShelf:
    return LocalShelf(tmp_path)


def kek(name: str) -> LocalKek:
    return LocalKek(f"env:{name}", os.urandom(32))


def test_it_is_made_once(shelf):
    one = kek("ONE")
    assert own_public_key(shelf) is None

    key = own_key(shelf, one)

    assert (own_key(shelf, one), own_public_key(shelf)) == (key, key.public)
    assert key.seed not in (shelf.root / OWN_KEY).read_bytes()


def test_another_kek_does_not_open_it_and_is_told_what_to_do(shelf):
    own_key(shelf, kek("ONE"))
    with pytest.raises(KekError, match=r"env:TWO does not open .* which env:ONE wrapped: `reseal"):
        own_key(shelf, kek("TWO"))


def test_it_moves_to_another_kek_and_opens_by_both_meanwhile(shelf):
    one, two = kek("ONE"), kek("TWO")
    key = own_key(shelf, one)

    for _ in range(2):
        rewrap(shelf, [one, two], [one, two])
        assert own_key(shelf, one) == own_key(shelf, two) == key
    rewrap(shelf, [two], [two])
    rewrap(shelf, [one, two], [two])

    assert own_key(shelf, two) == key
    with pytest.raises(KekError):
        own_key(shelf, one)
    with pytest.raises(KekError):
        rewrap(shelf, [one], [one])


def test_where_there_is_none_there_is_nothing_to_move(shelf):
    rewrap(shelf, [kek("ONE")], [kek("TWO")])
    assert not shelf.has(OWN_KEY)


@pytest.mark.parametrize(
    ("is_signed", "says"),
    [(True, "does not hold the key that it says"), (False, "is not signed by the given key")],
)
def test_another_public_half_is_not_believed(shelf, tmp_path, is_signed, says):
    one = kek("ONE")
    other = own_key(LocalShelf(tmp_path / "other"), one)
    key = own_key(shelf, one)
    envelope = json.loads((shelf.root / OWN_KEY).read_text())
    document = json.loads(b64decode(envelope["payload"]))
    document["public"] = (other if is_signed else key).public.pem.decode()
    # Signed by whoever knows the seed of the public half that it names.
    content = signed(spelled(document), PAYLOAD_TYPE, other)
    (shelf.root / OWN_KEY).write_bytes(content)

    with pytest.raises(EvidenceError, match=says):
        own_key(shelf, one)


@pytest.mark.parametrize(
    "uri", ["", "x", "file:", "awskms:", "env:", "env:NOTHING", "env:SHORT", "file:/nowhere"]
)
def test_a_uri_that_names_no_key_is_refused(uri):
    with pytest.raises(KekError):
        open_signing_key(uri, {"SHORT": "AAAA"})
