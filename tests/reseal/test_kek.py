"""Key-encryption keys: where they come from, and what they refuse."""

import json
import random
from base64 import b64encode
from pathlib import Path
from uuid import UUID

import pytest

from reseal.backup.cipher import BackupCipher
from reseal.errors import KekError
from reseal.kek import open_kek
from reseal.keyring import DataKey, KeyState, context

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/v1/keys.json").read_text())

MATERIAL = random.Random(1).randbytes(32)
TEXT = b64encode(MATERIAL).decode()
VARIABLES = {
    "GOOD": TEXT,
    "NEWLINE": TEXT + "\n",
    "SHORT": b64encode(bytes(16)).decode(),
    "LONG": b64encode(bytes(33)).decode(),
    "NOT_BASE64": "correct horse battery staple",
    "NO_PADDING": TEXT.rstrip("="),
    "EMPTY": "",
}


@pytest.fixture
def kek_file(tmp_path):
    def write(content: bytes, mode: int = 0o600) -> str:
        path = tmp_path / "kek"
        path.write_bytes(content)
        path.chmod(mode)
        return f"file:{path}"

    return write


def opens_what_the_other_wrapped(uri: str) -> bool:
    wrapped = open_kek("env:GOOD", VARIABLES).wrap(b"d" * 32, b"here")
    return open_kek(uri, VARIABLES).unwrap(wrapped, b"here") == b"d" * 32


@pytest.mark.parametrize("name", ["GOOD", "NEWLINE"])
def test_a_key_comes_from_the_environment(name):
    assert opens_what_the_other_wrapped(f"env:{name}")


@pytest.mark.parametrize(
    "content", [MATERIAL, TEXT.encode(), f"{TEXT}\n".encode(), f"  {TEXT}\r\n".encode()]
)
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_comes_from_a_file_raw_or_as_base64(kek_file, content, mode):
    assert opens_what_the_other_wrapped(kek_file(content, mode))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("MISSING", "the environment variable MISSING is not set"),
        ("EMPTY", "the environment variable EMPTY is not set"),
        ("SHORT", "the environment variable SHORT does not hold a key: 32 bytes are needed"),
        ("LONG", "the environment variable LONG does not hold a key: 32 bytes are needed"),
        ("NOT_BASE64", "the environment variable NOT_BASE64 does not hold a key"),
        ("NO_PADDING", "the environment variable NO_PADDING does not hold a key"),
    ],
)
def test_a_variable_without_a_key_is_named_and_not_quoted(name, says):
    with pytest.raises(KekError, match=says) as caught:
        open_kek(f"env:{name}", VARIABLES)

    value = VARIABLES.get(name)
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"short", MATERIAL[:31], MATERIAL + b"\n", b"\xff" * 64])
def test_a_file_without_a_key_is_refused(kek_file, content):
    with pytest.raises(KekError, match="does not hold a key: 32 bytes are needed; make one with"):
        open_kek(kek_file(content), {})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o644])
def test_a_key_file_that_others_can_reach_is_refused(kek_file, mode):
    with pytest.raises(KekError, match="is open to others; run `chmod 600`"):
        open_kek(kek_file(MATERIAL, mode), {})


def test_a_missing_key_file_is_named(tmp_path):
    with pytest.raises(KekError, match=r"file:.*/none cannot be read: No such file"):
        open_kek(f"file:{tmp_path}/none", {})


def test_a_directory_is_no_key_file(tmp_path):
    with pytest.raises(KekError, match="cannot be read: Is a directory"):
        open_kek(f"file:{tmp_path}", {})


@pytest.mark.parametrize("uri", ["rot13:x", "", "file", "file:", "env:", ":x", TEXT, "FILE:/x"])
def test_an_unknown_scheme_is_told_the_known_ones_and_is_not_quoted(uri):
    with pytest.raises(KekError, match="URI that begins with one of") as caught:
        open_kek(uri, VARIABLES)

    assert "file:" in str(caught.value)
    assert TEXT not in str(caught.value)


@pytest.mark.parametrize(
    ("wrapped", "said"),
    [
        (lambda w: w, b"data-key/2"),
        (lambda w: w, b""),
        (lambda w: w[:-1], b"data-key/1"),
        (lambda w: w[1:], b"data-key/1"),
        (lambda w: w[:-1] + bytes([w[-1] ^ 1]), b"data-key/1"),
        (lambda w: b"", b"data-key/1"),
        (lambda w: w[:12], b"data-key/1"),
    ],
)
def test_another_context_or_other_bytes_do_not_unwrap(wrapped, said):
    kek = open_kek("env:GOOD", VARIABLES)
    whole = kek.wrap(b"d" * 32, b"data-key/1")

    with pytest.raises(KekError, match="does not open the stored data keys"):
        kek.unwrap(wrapped(whole), said)


def test_another_key_does_not_unwrap_and_says_so_in_one_sentence():
    wrapped = open_kek("env:GOOD", VARIABLES).wrap(b"d" * 32, b"x")

    with pytest.raises(KekError) as caught:
        open_kek("env:OTHER", {"OTHER": b64encode(bytes(32)).decode()}).unwrap(wrapped, b"x")
    assert str(caught.value) == (
        "the key-encryption key env:OTHER does not open the stored data keys; "
        "set the one under which they were wrapped"
    )
    assert caught.value.__context__ is None


def test_a_key_does_not_show_itself():
    kek = open_kek("env:GOOD", VARIABLES)

    assert kek.uri == "env:GOOD"
    assert TEXT not in repr(kek)
    assert repr(MATERIAL) not in repr(vars(kek))


def test_a_golden_wrapped_data_key_unwraps_as_ever():
    vector = VECTORS["wrapped_data_key"]
    kek = open_kek("env:K", {"K": b64encode(bytes.fromhex(vector["kek"])).decode()})
    version = vector["key_version"]

    material = kek.unwrap(bytes.fromhex(vector["wrapped"]), context(version))
    assert material.hex() == vector["data_key"]
    check_value = DataKey(version, KeyState.ACTIVE, material).check_value
    assert check_value.hex() == vector["check_value"]


def test_a_golden_backup_record_opens_as_ever():
    vector = VECTORS["backup_record"]
    kek = open_kek("env:K", {"K": b64encode(bytes.fromhex(vector["kek"])).decode()})
    cipher = BackupCipher.unwrap(
        UUID(vector["run_id"]), vector["field"], kek, bytes.fromhex(vector["wrapped"])
    )

    original = cipher.open(vector["row_key"], bytes.fromhex(vector["sealed"]))
    assert original.reveal() == vector["original"]
