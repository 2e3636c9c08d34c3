"""Open every envelope of a span and compare it with the backup; what comes out are facts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from reseal import cell
from reseal.document import Leaf, NotADocument
from reseal.envelope import Envelope
from reseal.errors import EnvelopeError, UnknownKeyVersion, WillNotOpen
from reseal.keyring import FieldCipher, Keyring
from reseal.original import Original, held
from reseal.place import KeyPart
from reseal.quarantine.trouble import UNREADABLE, Trouble
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store, literal
from reseal.sweep.rows import SNAPSHOT, is_empty
from reseal.sweep.span import Span

READ = """
SELECT t.xmin::text, {cell}, {original}, {key} FROM {heap} AS t {backup}
WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid AND ({where}) AND NOT {empty}
"""

EMPTY = """
SELECT count(*) FROM {heap} AS t
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
    UNCOMPARED = "opens, and its backup does not"
    """Nothing is lost as long as the envelope opens, so that this is no reason to roll back."""
    DIFFERS = "differs from the backup"
    """It opens to another secret although this run wrote it: our own fault."""
    WILL_NOT_OPEN = "will not open"
    UNKNOWN_KEY = "unknown key version"
    MALFORMED = "malformed"


GOOD = frozenset(
    {Verdict.NO_ENVELOPE, Verdict.EQUAL, Verdict.NEWER, Verdict.OPENS, Verdict.UNCOMPARED}
)


TROUBLES = {
    Verdict.WILL_NOT_OPEN: Trouble.WILL_NOT_OPEN,
    Verdict.UNKNOWN_KEY: Trouble.UNKNOWN_KEY,
    Verdict.MALFORMED: Trouble.MALFORMED,
}

Accepted = Mapping[tuple[str, ...], Trouble]


class Fact(NamedTuple):
    """What is true of one stored value, without the value.

    `accepted` is one that the operator has decided to leave as it is, for what is wrong with it.
    """

    shape: Shape
    verdict: Verdict
    key_version: int = 0
    iv_bytes: int = 0
    tag_bytes: int = 0
    accepted: bool = False


Facts = Counter[Fact]


class Broken(NamedTuple):
    """A row whose envelope is broken; not `is_ours` if the run neither wrote nor backed it up."""

    key: list[str]
    verdict: Verdict
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """What a span's values are, and the keys of the rows whose envelope is broken."""

    facts: Facts
    broken: list[Broken]


def verify(
    store: Store,
    target: Target,
    keyring: Keyring,
    original: Original | None,
    span: Span,
    written: frozenset[int] | None = None,
    accepted: Accepted = MappingProxyType({}),
) -> Verification:
    """Open 100 % of a span's envelopes.

    `written` holds the row versions that a run wrote, where there is no backup to compare with.
    `accepted` tells by row key with what trouble a row was accepted as it is.
    """
    facts: Facts = Counter()
    broken: list[Broken] = []
    pages = max(1, round(_ROWS_AT_ONCE / target.rows_per_page))
    judge = Judge(target, keyring.cipher(target.field.bound_name), original)
    can_tell = original is not None or written is not None
    for part in span.split(pages):
        empty, rows = _read(store, target, original, part)
        facts[Fact(Shape.EMPTY, Verdict.NO_ENVELOPE)] += empty
        for version, text, sealed, *key in rows:
            fact = judge.fact(version, text, sealed, tuple(key))
            is_broken = fact.verdict not in GOOD
            is_ours = is_broken and _is_ours(original, written, version, sealed)
            if accepted and not (is_ours and can_tell):
                trouble = accepted.get(tuple(str(part) for part in key))
                fact = fact._replace(accepted=_is_excused(fact, trouble))
            facts[fact] += 1
            if is_broken and not fact.accepted:
                broken.append(Broken([str(part) for part in key], fact.verdict, is_ours))
    return Verification(+facts, broken)


def _is_excused(fact: Fact, trouble: Trouble | None) -> bool:
    """Say whether what is wrong with a value is what its row was accepted with."""
    if trouble is None or fact.verdict in TROUBLES:
        return trouble is not None and trouble is TROUBLES.get(fact.verdict)
    return trouble not in UNREADABLE and fact.shape in trouble.shapes


def _is_ours(
    original: Original | None, written: frozenset[int] | None, version: str, sealed: bytes | None
) -> bool:
    if original is not None:
        return sealed is not None or int(version) in original.written
    # Where nobody can tell, what may be our own fault counts as that.
    return written is None or int(version) in written


@dataclass(frozen=True, slots=True)
class Judge:
    """Tell the fact of one row."""

    target: Target
    cipher: FieldCipher
    original: Original | None

    def fact(self, version: str, text: str, sealed: bytes | None, key: tuple[KeyPart, ...]) -> Fact:
        """Open what is sealed in a cell and compare it with the original, where there is one.

        A document counts as its worst secret.
        """
        row = Row(int(version), sealed, key)
        if not self.target.is_document:
            return self._value(row, self.target.column.judged(text))
        try:
            leaves = cell.leaves(self.target, text)
        except NotADocument:
            return Fact(cell.state(self.target, text).shape, Verdict.NO_ENVELOPE)
        facts = [self._leaf(row, leaf) for leaf in leaves]
        return min(facts, key=_worst_first, default=_NOTHING)

    def _leaf(self, row: "Row", leaf: Leaf) -> Fact:
        shape = cell.leaf_shape(self.target, leaf)
        if shape is Shape.SEALED and leaf.text is not None:
            return self._value(row, leaf.text)
        return Fact(shape, Verdict.NO_ENVELOPE)

    def _value(self, row: "Row", text: str) -> Fact:
        shape = self.target.field.shape(text)
        if shape is not Shape.SEALED:
            return Fact(shape, Verdict.NO_ENVELOPE)
        try:
            envelope = Envelope.parse(text)
        except EnvelopeError:
            return Fact(shape, Verdict.MALFORMED)
        verdict = self._opened(row, envelope)
        return Fact(shape, verdict, envelope.key_version, len(envelope.iv), len(envelope.tag))

    def _opened(self, row: "Row", envelope: Envelope) -> Verdict:
        try:
            secret = self.cipher.open(self.target.field.bound_key(row.key), envelope)
        except UnknownKeyVersion:
            return Verdict.UNKNOWN_KEY
        except EnvelopeError:
            return Verdict.WILL_NOT_OPEN
        if self.original is None:
            return Verdict.OPENS
        try:
            if any(one.matches(secret) for one in self._originals(self.original, row)):
                return Verdict.EQUAL
        except WillNotOpen:
            return Verdict.UNCOMPARED
        return Verdict.DIFFERS if row.version in self.original.written else Verdict.NEWER

    def _originals(self, original: Original, row: "Row") -> Iterator[Secret]:
        if row.sealed is None:
            return
        for value in held(self.target, original.cipher, row.key, row.sealed):
            if value.shape is not Shape.SEALED:
                yield self.target.column.secret(value.text)
                continue
            # Beside a plaintext, an envelope of the application's own was backed up too.
            with suppress(EnvelopeError):
                envelope = Envelope.parse(value.text)
                yield self.cipher.open(self.target.field.bound_key(row.key), envelope)


class Row(NamedTuple):
    """What a judge knows of a row: its version, its sealed original, its key."""

    version: int
    sealed: bytes | None
    key: tuple[KeyPart, ...]


_NOTHING = Fact(Shape.EMPTY, Verdict.NO_ENVELOPE)


def _worst_first(fact: Fact) -> tuple[bool, int, bool, int]:
    is_sound = fact.verdict in GOOD
    return is_sound, -cell.need(fact.shape), fact.verdict is Verdict.EQUAL, fact.key_version


def _read(
    store: Store, target: Target, original: Original | None, span: Span
) -> tuple[int, list[tuple[str, str, bytes | None, KeyPart]]]:
    parts = {
        "cell": target.cell,
        "key": target.key_values,
        "heap": span.table(target),
        "where": target.where,
        "empty": is_empty(target),
        "original": sql.SQL("b.reseal_sealed" if original else "NULL::bytea"),
        "backup": backup_join(store, target, original.run_id if original else None),
    }
    with store.transaction():
        store.execute(SNAPSHOT)
        empty = store.need(EMPTY, span.bounds, **parts)
        rows = store.execute(READ, span.bounds, **parts).fetchall()
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
