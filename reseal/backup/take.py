"""Take a backup: a key, a horizon, then span by span every original that the run will change."""

from collections.abc import Sequence
from itertools import compress
from uuid import UUID

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.backup.coverage import Coverage
from reseal.backup.policy import DEFAULT_KEPT_DAYS
from reseal.cell import state
from reseal.errors import ConfigurationError, Stopped
from reseal.kek import Kek
from reseal.place import key_texts_of_all
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.engine import ALONE, Hands
from reseal.sweep.rows import count, read
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn

_ROWS_AT_ONCE = 5000


def begin(
    store: Store, run_id: UUID, field: str, kek: Kek, kept_days: int = DEFAULT_KEPT_DAYS
) -> None:
    """Make the backup key and fix the horizon; call it before the first span."""
    _, wrapped = BackupCipher.fresh(run_id, field, kek)
    table.begin(store, run_id, field, wrapped, kek.uri, kept_days)


def cipher(store: Store, run_id: UUID, field: str, kek: Kek) -> BackupCipher:
    """Return the cipher of a backup; raise KekError under another KEK."""
    return need_coverage(store, run_id, field, kek).cipher


def coverage(store: Store, run_id: UUID, field: str, kek: Kek) -> Coverage | None:
    """Return what tells late rows apart, or None where the run has no backup of the field."""
    found = table.find(store, run_id, field)
    return _coverage(found, run_id, field, kek) if found else None


def need_coverage(store: Store, run_id: UUID, field: str, kek: Kek) -> Coverage:
    """Return what tells late rows apart; raise ConfigurationError where there is no backup."""
    return _coverage(table.need(store, run_id, field), run_id, field, kek)


def _coverage(found: table.BackupSet, run_id: UUID, field: str, kek: Kek) -> Coverage:
    if found.wrapped is None:
        raise ConfigurationError(f"the backup of run {run_id} was shredded")
    cipher = BackupCipher.unwrap(run_id, field, kek, found.wrapped)
    return Coverage(found.horizon, cipher, found.salt)


def take(
    store: Store,
    target: Target,
    covered: Coverage,
    span: Span,
    hands: Hands = ALONE,
) -> int:
    """Back up the plaintext secrets of a span that are older than the horizon; return how many.

    It waits between two parts, with nothing open, and raises Stopped where someone says stop.
    A row that is written while the backup goes on may be met twice or not at all. It is left to
    the sweep, which backs it up in the transaction that seals it.
    """
    pages = max(1, round(_ROWS_AT_ONCE / target.rows_per_page))
    rows, had_some = 0, True
    for part in span.split(pages):
        hands.wait()
        if hands.stop():
            raise Stopped("stopped in the midst of the backup; no secret was sealed by this run")
        with hands.reading():
            # After a part with nothing to back up, a count mostly spares reading the next one.
            if had_some or not count(store, target, Turn.SEAL, 0, part).is_idle:
                taken = _part(store, target, covered, part)
                rows, had_some = rows + taken, taken > 0
            hands.told(round(part.pages * target.rows_per_page))
    return rows


def _part(store: Store, target: Target, covered: Coverage, span: Span) -> int:
    rows = read(store, target, Turn.SEAL, 0, span).rows
    late = covered.late_among(rows.versions)
    chosen = [
        is_plain and version not in late
        for is_plain, version in zip(_are_plain(target, rows.texts), rows.versions, strict=True)
    ]
    row_keys = key_texts_of_all(list(compress(rows.keys, chosen)))
    kept = covered.keep_all(row_keys, list(compress(rows.texts, chosen)))
    table.fill(store, covered.cipher.run_id, covered.cipher.name, kept)
    return len(kept)


def _are_plain(target: Target, texts: Sequence[str]) -> list[bool]:
    if target.is_document:
        return [state(target, text).shape is Shape.PLAIN for text in texts]
    shapes = target.field.shapes(target.column.judged_all(texts))
    return [shape is Shape.PLAIN for shape in shapes]
