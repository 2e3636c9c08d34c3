"""Backup files: edited as whoever holds no key can, and as whoever holds it could."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from random import Random
from typing import Any, ClassVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal.backup.cipher import BackupCipher, BackupKeys, context
from reseal.backup.file import BackupFile, open_backup
from reseal.backup.header import Header
from reseal.backup.writer import write
from reseal.errors import BackupFileError, KekError, WillNotOpen
from reseal.kek.local import DOMAIN, LocalKek
from tests.fuzz.edits import edited
from tests.fuzz.subject import Case, need

_KEK, _MATERIAL, _FIELD = bytes(range(32)), bytes(range(32, 64)), "users.secret"
_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "é",
    "\ud800",
    [],
    [1],
    ["a"],
    {},
    "9" * 5000,
    [[]] * 9,
)
_NO = (BackupFileError, KekError, WillNotOpen)


class BackupFiles:
    """The files of two runs under one KEK, and what is in them."""

    name: ClassVar[str] = "backup-files"
    count: ClassVar[int] = 10_000

    def __init__(self) -> None:
        self.kek = LocalKek("env:BACKUP", _KEK)
        self.files = [self._file(UUID(int=number), rows) for number, rows in enumerate((0, 1, 7))]
        self.files.append(self._file(UUID(int=1), 3))
        self.originals = {one: dict(self._open(one)) for one in self.files}

    def case(self, random: Random) -> Case:
        one, other = random.choice(self.files), random.choice(self.files)
        how = random.choice(list(FILE_EDITS))
        return Case(how, FILE_EDITS[how](random, one, other))

    def answer(self, case: Case) -> str:
        try:
            opened = dict(self._open(case.given))
        except _NO as error:
            need(case.given not in self.originals, "a file that was not changed does not open")
            need(error.__cause__ is None, "an error has a cause")
            return type(error).__name__
        if case.how in _WITH_THE_KEY:
            known = {item for file in self.originals.values() for item in file.items()}
            need(set(opened.items()) <= known, "a record opens to what is not its original")
            return "opens, as it was signed"
        need(opened == self.originals.get(case.given), "a changed file is taken as it is")
        return "opens"

    def _open(self, content: bytes) -> list[tuple[tuple[str, ...], str]]:
        file: BackupFile = open_backup(BytesIO(content), self.kek)
        return [(row_key, secret.reveal()) for row_key, secret in file]

    def _file(self, run: UUID, rows: int) -> bytes:
        """Write a file with ivs that are the same each time, so that a case can be repeated."""
        random = Random(f"{run}/{rows}")
        wrapped = _encrypted(AESGCM(_KEK), random, _MATERIAL, DOMAIN + context(run, _FIELD))
        made = datetime(2026, 1, 2, tzinfo=UTC)
        header = Header(
            run, _FIELD, "public.users", "secret", "text", ("id",), False, self.kek.uri, wrapped,
            made, "0.1.0",
        )  # fmt: skip
        cipher = BackupCipher(run, _FIELD, AESGCM(_MATERIAL))
        records = [
            ([str(number)], _record(cipher, random, [str(number)])) for number in range(rows)
        ]
        file = BytesIO()
        write(file, header, self.signing(run), records)
        return file.getvalue()

    def signing(self, run: UUID) -> bytes:
        """Return the key that signs the files of a run."""
        wrapped = self.kek.wrap(_MATERIAL, context(run, _FIELD))
        return BackupKeys.unwrap(run, _FIELD, self.kek, wrapped).signing


def _record(cipher: BackupCipher, random: Random, row_key: list[str]) -> bytes:
    text = "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=32))
    return _encrypted(cipher._cipher, random, text.encode(), cipher._bound(row_key))


def _encrypted(cipher: AESGCM, random: Random, content: bytes, bound: bytes) -> bytes:
    iv = random.randbytes(12)
    return iv + cipher.encrypt(iv, content, bound)


FileEdit = Callable[[Random, bytes, bytes], bytes]


def _bytes(random: Random, one: bytes, other: bytes) -> bytes:
    return edited(random, one, other)[1]


def _lines(random: Random, one: bytes, other: bytes) -> bytes:
    """Remove, repeat, move or borrow a line."""
    lines = one.splitlines(keepends=True)
    at = random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(random.randrange(len(lines)), lines[at])
        case 2:
            lines.insert(random.randrange(len(lines)), lines.pop(at))
        case _:
            lines[at] = random.choice(other.splitlines(keepends=True))
    return b"".join(lines)


def _values(random: Random, one: bytes, other: bytes) -> bytes:
    """Put another value in the place of one of the JSON of a line."""
    lines = one.splitlines(keepends=True)
    at = random.randrange(len(lines))
    lines[at] = _with_another_value(random, lines[at])
    return b"".join(lines)


def _with_another_value(random: Random, line: bytes) -> bytes:
    try:
        document = json.loads(line)
        word = random.choice([*document, "x"])
    except (ValueError, RecursionError):
        return line
    document[word] = random.choice(_VALUES)
    if random.random() < 0.1:
        del document[word]
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def _signed(random: Random, one: bytes, other: bytes) -> bytes:
    """Change records and sign the file again."""
    header, *records, _ = one.splitlines(keepends=True)
    borrowed = other.splitlines(keepends=True)[1:-1]
    for _ in range(random.randrange(1, 3)):
        if records and random.random() < 0.5:
            at = random.randrange(len(records))
            edits = (_with_another_value, _edited_record, _deep)
            records[at] = random.choice(edits)(random, records[at])
        else:
            records.insert(random.randrange(len(records) + 1), random.choice([b"\n", *borrowed]))
    return _sealed_off(header, records, random.choice((0, 0, 0, 0, -1, 1)))


def _edited_record(random: Random, record: bytes) -> bytes:
    return edited(random, record[:-1], record)[1] + b"\n"


def _deep(_random: Random, _record: bytes) -> bytes:
    return b"[" * 100_000 + b"\n"


def _sealed_off(header: bytes, records: list[bytes], off: int) -> bytes:
    """Write a trailer that vouches for this, with so many records too many."""
    run = Header.parse(header).run_id
    content = b"".join([header, *records, b'{"rows":%d,"hmac":"' % max(0, len(records) + off)])
    kek = LocalKek("env:BACKUP", _KEK)
    keys = BackupKeys.unwrap(run, _FIELD, kek, kek.wrap(_MATERIAL, context(run, _FIELD)))
    mac = hmac.new(keys.signing, content, "sha256").hexdigest()
    return content + mac.encode() + b'"}\n'


def _header(random: Random, one: bytes, other: bytes) -> bytes:
    """Take another's header, or a part of it."""
    first, rest = one.split(b"\n", 1)
    header = json.loads(first)
    header[random.choice(list(header))] = random.choice(
        list(json.loads(other.split(b"\n")[0]).values())
    )
    return json.dumps(header, separators=(",", ":")).encode() + b"\n" + rest


def _encoded(_random: Random, one: bytes, _other: bytes) -> bytes:
    return b64encode(one)


def _unchanged(_random: Random, one: bytes, _other: bytes) -> bytes:
    return one


_WITH_THE_KEY = ("records changed and signed again",)
FILE_EDITS: dict[str, FileEdit] = {
    "edits of bytes": _bytes,
    "other lines": _lines,
    "other values": _values,
    "another's header": _header,
    "records changed and signed again": _signed,
    "in base64": _encoded,
    "unchanged": _unchanged,
}
