"""Open every envelope of a span and compare it with the backup; what comes out are facts."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from reseal.backup.cipher import BackupCipher
from reseal.envelope import Envelope
from reseal.errors import EnvelopeError, UnknownKeyVersion
from reseal.keyring import FieldCipher, Keyring
from reseal.place import KeyPart
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store, literal
from reseal.sweep.rows import SNAPSHOT, is_empty
from reseal.sweep.span import Span

READ = """
SELECT t.xmin::text, {secret}, {original}, {key} FROM {table} AS t {backup}
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND NOT {empty}
"""

EMPTY = """
SELECT count(*) FROM {table} AS t
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND {empty}
"""

# Its columns are renamed so that a `where` of the operator's cannot mean them.
BACKUP = """
LEFT JOIN (SELECT row_key AS reseal_row_key, sealed AS reseal_sealed FROM {reseal}.backup
           WHERE run_id = {run} AND field = {field}) AS b ON b.reseal_row_key = {texts}
"""

_ROWS_AT_ONCE = 5000


class Verdict(StrEnum):
    """What opening a stored value showed."""

    NO_ENVELOPE = "no envelope"
    """Empty, plaintext, foreign or unrecognised; the shape tells which."""
    EQUAL = "equal to the backup"
    NEWER = "enrolled since the backup"
    """It opens, and differs from the backup or is not in it."""
    OPENS = "opens"
    """It opens; there is no backup to compare with."""
    DIFFERS = "differs from the backup"
    """It opens to another secret although this run wrote it: our own fault."""
    WILL_NOT_OPEN = "will not open"
    UNKNOWN_KEY = "unknown key version"
    MALFORMED = "malformed"


GOOD = frozenset({Verdict.NO_ENVELOPE, Verdict.EQUAL, Verdict.NEWER, Verdict.OPENS})


class Fact(NamedTuple):
    """What is true of one stored value, without the value."""

    shape: Shape
    verdict: Verdict
    key_version: int = 0
    iv_bytes: int = 0
    tag_bytes: int = 0


Facts = Counter[Fact]


@dataclass(frozen=True, slots=True)
class Original:
    """The backup to compare with, and which row versions the run itself wrote."""

    run_id: UUID
    cipher: BackupCipher
    written: frozenset[int]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a span's values are, and the keys of the rows whose envelope is broken."""

    facts: Facts
    broken: list[tuple[list[str], str]]


def verify(
    store: Store, target: Target, keyring: Keyring, original: Original | None, span: Span
) -> Verification:
    """Open 100 % of a span's envelopes."""
    facts: Facts = Counter()
    broken: list[tuple[list[str], str]] = []
    pages = max(1, round(_ROWS_AT_ONCE / target.rows_per_page))
    judge = Judge(target, keyring.cipher(target.field.name), original)
    for part in span.split(pages):
        empty, rows = _read(store, target, original, part)
        facts[Fact(Shape.EMPTY, Verdict.NO_ENVELOPE)] += empty
        for version, text, sealed, *key in rows:
            fact = judge.fact(version, text, sealed, tuple(key))
            facts[fact] += 1
            if fact.verdict not in GOOD:
                broken.append(([str(k) for k in key], fact.verdict.value))
    return Verification(+facts, broken)


@dataclass(frozen=True, slots=True)
class Judge:
    """Tell the fact of one row."""

    target: Target
    cipher: FieldCipher
    original: Original | None

    def fact(self, version: str, text: str, sealed: bytes | None, key: tuple[KeyPart, ...]) -> Fact:
        """Open a value and compare it with its sealed original, where there is one."""
        shape = self.target.field.shape(text)
        if shape is not Shape.SEALED:
            return Fact(shape, Verdict.NO_ENVELOPE)
        try:
            envelope = Envelope.parse(text)
        except EnvelopeError:
            return Fact(shape, Verdict.MALFORMED)
        verdict = self._opened(version, envelope, sealed, key)
        return Fact(shape, verdict, envelope.key_version, len(envelope.iv), len(envelope.tag))

    def _opened(
        self, version: str, envelope: Envelope, sealed: bytes | None, key: tuple[KeyPart, ...]
    ) -> Verdict:
        try:
            secret = self.cipher.open(self.target.field.bound_key(key), envelope)
        except UnknownKeyVersion:
            return Verdict.UNKNOWN_KEY
        except EnvelopeError:
            return Verdict.WILL_NOT_OPEN
        if self.original is None:
            return Verdict.OPENS
        row_key = [str(part) for part in key]
        return _compared(self.original, int(version), secret, sealed, row_key)


def _compared(
    original: Original, version: int, secret: Secret, sealed: bytes | None, row_key: list[str]
) -> Verdict:
    if sealed is not None and original.cipher.open(row_key, sealed).matches(secret):
        return Verdict.EQUAL
    return Verdict.DIFFERS if version in original.written else Verdict.NEWER


def _read(
    store: Store, target: Target, original: Original | None, span: Span
) -> tuple[int, list[tuple[str, str, bytes | None, KeyPart]]]:
    parts = {
        "secret": target.secret,
        "key": target.key_values,
        "table": target.table,
        "where": target.where,
        "empty": is_empty(target.field, target.secret),
        "original": sql.SQL("b.reseal_sealed" if original else "NULL::bytea"),
        "backup": backup_join(store, target, original.run_id if original else None),
    }
    bounds = dict(zip(("first", "after"), span.bounds, strict=True))
    with store.transaction():
        store.execute(SNAPSHOT)
        empty = store.need(EMPTY, bounds, **parts)
        rows = store.execute(READ, bounds, **parts).fetchall()
    return empty[0], rows


def backup_join(store: Store, target: Target, run_id: UUID | None) -> sql.Composable:
    """Return the join that puts a run's sealed original beside the row `t`, or nothing."""
    if run_id is None:
        return sql.SQL("")
    return sql.SQL(BACKUP).format(
        reseal=sql.Identifier(store.schema),
        run=sql.Literal(run_id),
        field=literal(target.field.name),
        texts=target.key_texts,
    )
