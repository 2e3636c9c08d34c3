"""A backup file is opened with the backup KEK alone, whole and unchanged, or not at all."""

import hashlib
import hmac
import io
import json
import os
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given
from hypothesis import strategies as st

from reseal import BackupFileError, KekError, ResealError, WillNotOpen, open_backup
from reseal.backup.cipher import BackupCipher, BackupKeys
from reseal.backup.header import Header
from reseal.backup.writer import write
from reseal.kek import open_kek
from reseal.kek.local import LocalKek
from tests.conftest import SENTINEL

VECTORS = Path(__file__).parents[1] / "vectors/v1"
GOLDEN = VECTORS / "backup.reseal-backup"
VECTOR = json.loads((VECTORS / "keys.json").read_text())["backup_record"]
GOLDEN_KEK = LocalKek("file:golden", bytes.fromhex(VECTOR["kek"]))

RUN = UUID("6f1e1c3a-0d7b-4c6e-9a51-0f2d3b4c5d6e")
ENVIRONMENT = {"K": b64encode(bytes(range(32))).decode()}
KEK = open_kek("env:K", ENVIRONMENT)
CIPHER, WRAPPED = BackupCipher.fresh(RUN, "users.mfa_secret", KEK)
KEYS = BackupKeys.unwrap(RUN, "users.mfa_secret", KEK, WRAPPED)
HEADER = Header(
    run_id=RUN,
    field="users.mfa_secret",
    table="public.users",
    column="mfa_secret",
    type="text",
    key=("id",),
    late=False,
    kek=KEK.uri,
    wrapped=WRAPPED,
    created=datetime(2026, 1, 2, tzinfo=UTC),
    library="0.1.0",
)
ROWS = [(["1"], SENTINEL), (["2"], "gr\u00fc\u00df\n"), (["\u20ac", "a/b"], "")]

texts = st.text(st.characters(codec="utf-8"), max_size=40)


def written(rows: list[tuple[list[str], str]], header: Header = HEADER) -> bytes:
    file = io.BytesIO()
    sealed = [(row_key, CIPHER.seal(row_key, text)) for row_key, text in rows]
    assert write(file, header, KEYS.signing, sealed) == len(rows)
    return file.getvalue()


def opened(content: bytes) -> dict[tuple[str, ...], str]:
    return {key: secret.reveal() for key, secret in open_backup(io.BytesIO(content), KEK)}


WHOLE = written(ROWS)
LINES = WHOLE.splitlines(keepends=True)


@given(st.dictionaries(st.lists(texts, min_size=1, max_size=3).map(tuple), texts, max_size=5))
@example({})
def test_what_is_written_is_read_byte_for_byte(rows):
    assert opened(written([(list(key), text) for key, text in rows.items()])) == rows


def test_a_file_says_what_it_is_of():
    file = open_backup(io.BytesIO(WHOLE), KEK)

    assert (file.header, file.rows, file.size) == (HEADER, 3, len(WHOLE))
    assert file.sha256 == hashlib.sha256(WHOLE).hexdigest()
    assert [line for line in LINES if not line.isascii()] == []
    assert SENTINEL not in repr(file)
    assert WRAPPED.hex() not in repr(file)
    assert repr(WRAPPED) not in repr(file)


def test_a_file_can_be_read_again_and_stays_open():
    file = io.BytesIO(b"before it" + WHOLE)
    file.seek(9)
    found = open_backup(file, KEK)

    assert len(list(found)) == len(list(found)) == 3
    assert (file.closed, file.tell()) == (False, 9)


def test_the_golden_file_is_read_as_ever():
    found = open_backup(GOLDEN, GOLDEN_KEK)

    assert found.header.key == ("org", "seat")
    assert [(key, secret.reveal()) for key, secret in found] == [
        (tuple(VECTOR["row_key"]), VECTOR["original"])
    ]


def test_the_golden_file_is_read_with_the_specification_alone():
    """As another language would: docs/format.md, sections 5, 6 and 7, and no code of ours."""
    content = GOLDEN.read_bytes()
    first, record, trailer = (json.loads(line) for line in content.splitlines())
    run, name = UUID(first["run"]).bytes, first["field"].encode()
    wrapped = b64decode(first["wrapped"])
    context = b"reseal/kek/v1\0" + b"backup/" + run + b"/" + name
    kek = AESGCM(bytes.fromhex(VECTOR["kek"]))
    key = kek.decrypt(wrapped[:12], wrapped[12:], context)

    extracted = hmac.digest(bytes(32), key, "sha256")
    signing = hmac.digest(extracted, b"reseal/backup-file/v1\x01", "sha256")
    before = content[: content.rindex(trailer["hmac"].encode())]
    assert hmac.digest(signing, before, "sha256").hex() == trailer["hmac"]
    assert trailer["rows"] == 1

    parts = [b"reseal/backup/v1", run, name, *(part.encode() for part in record["key"])]
    bound = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    sealed = b64decode(record["sealed"])
    assert AESGCM(key).decrypt(sealed[:12], sealed[12:], bound).decode() == VECTOR["original"]


def refused(content: bytes) -> bool:
    """Whether nothing at all is given out of such a file, with an error of ours."""
    try:
        open_backup(io.BytesIO(content), KEK)
    except (BackupFileError, KekError) as error:
        return SENTINEL not in str(error)
    return False


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_is_found(at, by):
    assert refused(WHOLE[:at] + bytes([WHOLE[at] ^ by]) + WHOLE[at + 1 :])


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, len(WHOLE)))
def test_a_missing_part_is_found(at, length):
    assert refused(WHOLE[:at] + WHOLE[at + length :])


@given(st.integers(0, len(WHOLE)), st.binary(min_size=1, max_size=200))
@example(len(WHOLE), b"\n")
@example(len(WHOLE), WHOLE)
@example(0, b"\xef\xbb\xbf")
def test_a_part_too_many_is_found(at, more):
    assert refused(WHOLE[:at] + more + WHOLE[at:])


@given(st.permutations(range(len(LINES))))
def test_lines_in_another_order_are_found(order):
    if order != sorted(order):
        assert refused(b"".join(LINES[at] for at in order))


@given(st.integers(0, len(LINES) - 1), st.integers(0, len(LINES) - 1))
def test_a_repeated_line_is_found(line, at):
    assert refused(b"".join([*LINES[:at], LINES[line], *LINES[at:]]))


@given(st.binary(max_size=400))
@example(b"")
@example(b"\n")
@example(b"[" * 100_000)
@example(b"1" * 70_000)
@example(b'{"rows":0,"hmac":"' + b"0" * 64 + b'"}\n')
def test_what_is_no_backup_file_is_refused(content):
    assert refused(content)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"format": "other"}, "is not a backup file of Reseal"),
        ({"version": 2}, "is not of version 1 of the format; read it with a later version"),
        ({"version": True}, "is not the header"),
        ({"run": "6F1E1C3A-0D7B-4C6E-9A51-0F2D3B4C5D6E"}, "is not the header"),
        ({"run": "1"}, "is not the header"),
        ({"run": 1}, "is not the header"),
        ({"field": None}, "is not the header"),
        ({"field": "\ud800"}, "is not the header"),
        ({"key": "id"}, "is not the header"),
        ({"key": [1]}, "is not the header"),
        ({"late": 0}, "is not the header"),
        ({"wrapped": "?"}, "is not the header"),
        ({"wrapped": None}, "is not the header"),
        ({"created": "yesterday"}, "is not the header"),
        ({"created": "2026-01-02T00:00:00Z"}, "is not the header"),
        ({"more": 1}, "is not the header"),
    ],
)
def test_a_header_of_another_spelling_is_refused(edit, says):
    document = json.loads(LINES[0]) | edit
    first = json.dumps(document, separators=(",", ":")).encode() + b"\n"

    with pytest.raises(BackupFileError, match=says):
        open_backup(io.BytesIO(b"".join([first, *LINES[1:]])), KEK)


@pytest.mark.parametrize("missing", json.loads(LINES[0]))
def test_a_header_without_one_of_its_words_is_refused(missing):
    document = {word: said for word, said in json.loads(LINES[0]).items() if word != missing}
    first = json.dumps(document, separators=(",", ":")).encode() + b"\n"

    assert refused(b"".join([first, *LINES[1:]]))


def resigned(lines: list[bytes], rows: int) -> bytes:
    """A file that whoever holds the KEK has made of these lines."""
    content = b"".join(lines) + b'{"rows":%d,"hmac":"' % rows
    return content + hmac.digest(KEYS.signing, content, "sha256").hex().encode() + b'"}\n'


@pytest.mark.parametrize(
    ("lines", "rows", "error"),
    [
        ([LINES[0], LINES[1], LINES[3].replace(b'"a/b"', b'"a/c"')], 2, WillNotOpen),
        ([LINES[0], LINES[1]], 2, BackupFileError),
        ([LINES[0], LINES[1], LINES[2]], 1, BackupFileError),
        ([LINES[0], b"[]\n"], 1, BackupFileError),
        ([LINES[0], b"{}\n"], 1, BackupFileError),
        ([LINES[0], b'{"key":"1","sealed":""}\n'], 1, BackupFileError),
        ([LINES[0], b'{"key":[1],"sealed":""}\n'], 1, BackupFileError),
        ([LINES[0], b'{"key":["1"],"sealed":"?"}\n'], 1, BackupFileError),
        ([LINES[0], b'{"key":["1"],"sealed":7}\n'], 1, BackupFileError),
        ([LINES[0], b'{"key":["\\ud800"],"sealed":""}\n'], 1, WillNotOpen),
        ([LINES[0], b"[" * 100_000 + b"\n"], 1, BackupFileError),
    ],
)
def test_what_was_signed_wrongly_still_raises_errors_of_ours(lines, rows, error):
    found = open_backup(io.BytesIO(resigned(lines, rows)), KEK)

    with pytest.raises(error) as caught:
        list(found)
    assert SENTINEL not in str(caught.value)


def test_a_file_that_changes_between_the_two_readings_is_found(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(WHOLE)
    found = open_backup(path, KEK)
    path.write_bytes(written([*ROWS[:2], (["3"], "x")]))

    with pytest.raises(ResealError):
        list(found)


def test_another_kek_does_not_open_a_file():
    other = open_kek("env:K", {"K": b64encode(os.urandom(32)).decode()})

    with pytest.raises(KekError):
        open_backup(io.BytesIO(WHOLE), other)


def test_the_key_of_another_run_or_field_does_not_open_a_file():
    for edit in ({"run": str(uuid4())}, {"field": "other"}):
        first = json.dumps(json.loads(LINES[0]) | edit, separators=(",", ":")).encode() + b"\n"
        with pytest.raises(KekError):
            open_backup(io.BytesIO(b"".join([first, *LINES[1:]])), KEK)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (io.StringIO("text"), "open it in binary mode"),
        (7, "open it in binary mode"),
        (Path("/nowhere/at/all"), "/nowhere/at/all cannot be read: No such file"),
        ("/nowhere/at/all", "/nowhere/at/all cannot be read: No such file"),
        (Path("/"), "cannot be read: Is a directory"),
        ("memory://nowhere/at/all", "memory://nowhere/at/all cannot be read"),
        ("nowhere://at/all", "cannot be read: ValueError"),
    ],
    ids=["text", "a number", "a path", "a text", "a directory", "a URL", "no protocol"],
)
def test_a_source_that_cannot_be_read_is_told(source, says):
    with pytest.raises(BackupFileError, match=says):
        open_backup(source, KEK)


def test_a_stream_that_cannot_go_back_is_told():
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as stream, pytest.raises(BackupFileError, match="is read twice"):
        open_backup(stream, KEK)


def test_the_kek_is_named_by_a_uri_too(tmp_path):
    kek = tmp_path / "kek"
    kek.write_bytes(bytes(range(32)))
    kek.chmod(0o600)

    assert open_backup(io.BytesIO(WHOLE), f"file:{kek}").rows == 3
