"""Take a backup: a key, a horizon, then span by span every original that the run will change."""

from uuid import UUID

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.backup.coverage import Coverage
from reseal.errors import ConfigurationError
from reseal.kek import Kek
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.rows import read
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn

_ROWS_AT_ONCE = 5000


def begin(store: Store, run_id: UUID, field: str, kek: Kek) -> None:
    """Make the backup key and fix the horizon; call it before the first span."""
    _, wrapped = BackupCipher.fresh(run_id, field, kek)
    table.begin(store, run_id, field, wrapped, kek.uri)


def cipher(store: Store, run_id: UUID, field: str, kek: Kek) -> BackupCipher:
    """Return the cipher of a backup; raise KekError under another KEK."""
    return BackupCipher.unwrap(run_id, field, kek, _wrapped(store, run_id, field))


def coverage(store: Store, run_id: UUID, field: str, kek: Kek) -> Coverage | None:
    """Return what tells late rows apart, or None where the run has no backup of the field."""
    found = table.find(store, run_id, field)
    if found is None:
        return None
    return Coverage(found.horizon, cipher(store, run_id, field, kek))


def take(store: Store, target: Target, backup: BackupCipher, span: Span) -> int:
    """Back up the plaintext secrets of a span; return how many."""
    pages = max(1, round(_ROWS_AT_ONCE / target.rows_per_page))
    return sum(_part(store, target, backup, part) for part in span.split(pages))


def _part(store: Store, target: Target, backup: BackupCipher, span: Span) -> int:
    reading = read(store, target, Turn.SEAL, 0, span)
    originals = [row for row in reading.rows if target.field.shape(row.text) is Shape.PLAIN]
    keyed = [([str(part) for part in row.key], row.text) for row in originals]
    rows = ((row_key, backup.seal(row_key, text)) for row_key, text in keyed)
    table.fill(store, backup.run_id, backup.name, rows)
    return len(originals)


def _wrapped(store: Store, run_id: UUID, field: str) -> bytes:
    found = table.need(store, run_id, field)
    if found.wrapped is None:
        raise ConfigurationError(f"the backup of run {run_id} was shredded")
    return found.wrapped
