"""Records of a backup, as its table holds them, and the key that opens them, wrapped."""

from collections.abc import Callable
from random import Random
from typing import ClassVar, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reseal.backup.cipher import BackupCipher
from reseal.errors import KekError, WillNotOpen
from reseal.kek.local import LocalKek
from tests.fuzz.edits import edited
from tests.fuzz.subject import Case, need

_KEY = bytes(range(32))
_RUNS = (UUID(int=1), UUID(int=2))
_KEYS: tuple[list[str], ...] = (
    ["1"],
    ["2"],
    ["12"],
    ["1", "2"],
    ["a", "bc"],
    ["ab", "c"],
    [""],
    [],
    ["é"],
    ["1\0"],
)


class Record(NamedTuple):
    """An original, sealed in the backup of a run."""

    run: UUID
    field: str
    row_key: list[str]
    sealed: bytes
    text: str


class Records:
    """The records of two runs under one key, so that only what is bound tells them apart."""

    name: ClassVar[str] = "records"
    count: ClassVar[int] = 10_000

    def __init__(self) -> None:
        self.kek = LocalKek("env:BACKUP", _KEY)
        random = Random("records")
        self.records = [
            _sealed(random, run, field, row_key)
            for run in _RUNS
            for field in ("users.secret", "users.secret2")
            for row_key in _KEYS
        ]

    def case(self, random: Random) -> Case:
        one, other = random.sample(self.records, 2)
        how = random.choice(list(RECORD_EDITS))
        return Case(how, RECORD_EDITS[how](random, one, other), one)

    def answer(self, case: Case) -> str:
        given: Record = case.given
        self._unwrap(given)
        is_known = any(given[:4] == one[:4] for one in self.records)
        try:
            opened = _cipher(given.run, given.field).open(given.row_key, given.sealed).reveal()
        except WillNotOpen as error:
            need(not is_known, "an original does not open")
            need(case.wanted.text not in str(error), "an error names a secret")
            return type(error).__name__
        need(is_known and opened == given.text, "something opens that is not the original")
        return "opens"

    def _unwrap(self, given: Record) -> None:
        """Take the sealed bytes for a wrapped key, which they are not."""
        try:
            BackupCipher.unwrap(given.run, given.field, self.kek, given.sealed)
        except KekError:
            return
        need(False, "a record is taken for a key")


def _cipher(run: UUID, field: str) -> BackupCipher:
    return BackupCipher(run, field, AESGCM(_KEY))


def _sealed(random: Random, run: UUID, field: str, row_key: list[str]) -> Record:
    """Seal with an iv that is the same each time, so that a case can be repeated."""
    cipher, iv = _cipher(run, field), random.randbytes(12)
    text = "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=32))
    sealed = iv + cipher._cipher.encrypt(iv, text.encode(), cipher._bound(row_key))
    return Record(run, field, row_key, sealed, text)


RecordEdit = Callable[[Random, Record, Record], Record]


def _bytes(random: Random, one: Record, other: Record) -> Record:
    return one._replace(sealed=edited(random, one.sealed, other.sealed)[1])


def _parts(random: Random, one: Record, other: Record) -> Record:
    """Put iv, ciphertext or tag of another record in the place of its own."""
    start, end = random.choice(((0, 12), (12, -16), (-16, None)))
    sealed = one.sealed.replace(one.sealed[start:end], other.sealed[start:end])
    return one._replace(sealed=sealed)


def _key(random: Random, one: Record, other: Record) -> Record:
    row_key = list(random.choice((one.row_key, other.row_key)))
    match random.randrange(4):
        case 0:
            row_key.insert(random.randrange(len(row_key) + 1), random.choice(("", "1", "x" * 1000)))
        case 1:
            row_key = row_key[::-1]
        case 2:
            row_key = ["".join(row_key)]
        case _:
            row_key = [edited(random, part.encode(), b"1")[1].decode("latin-1") for part in row_key]
    return one._replace(row_key=row_key)


def _place(_random: Random, one: Record, other: Record) -> Record:
    return other._replace(sealed=one.sealed, text=one.text)


def _unchanged(_random: Random, one: Record, _other: Record) -> Record:
    return one


RECORD_EDITS: dict[str, RecordEdit] = {
    "edits of bytes": _bytes,
    "another's iv, ciphertext or tag": _parts,
    "another row key": _key,
    "moved to another run, field or row": _place,
    "unchanged": _unchanged,
}
