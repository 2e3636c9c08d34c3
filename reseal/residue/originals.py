"""The old secrets of a field, as the proven backups of its runs have them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.backup.share import WHOLE, Share, cut
from reseal.document import NotADocument
from reseal.original import held, plain
from reseal.place import KeyPart
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.engine import Hands

BACKUPS = """
SELECT run_id FROM {reseal}.backup_set
WHERE field = %s AND proven IS NOT NULL AND wrapped IS NOT NULL ORDER BY created
"""

# Runs of which a whole look has found nothing any more.
CLEANED = """
SELECT DISTINCT run FROM {reseal}.event, jsonb_array_elements_text(detail -> 'looked_for') AS run
WHERE action = 'cleaned' AND detail @> %s
"""

# Of a backup, between two rests: some ten thousand rows.
_PAGES_AT_ONCE = 256

# What an otpauth URI has of the secret; the rest is alike in many of them.
_SECRET = re.compile(rb"[?&]secret=([^&]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Backups:
    """A field and the runs whose originals are to be looked for."""

    target: Target
    run_ids: tuple[UUID, ...]

    @classmethod
    def of(cls, store: Store, target: Target, *, uncleaned: bool = False) -> "Backups":
        """Find the backups that were proven and not shredded; `uncleaned` only those not yet gone.

        A backup counts as cleaned where a look at every place a run can clean found nothing of it.
        """
        found = [run_id for (run_id,) in store.execute(BACKUPS, [target.field.name])]
        if uncleaned:
            like = Jsonb({"field": target.field.name, "clean": True})
            done = {UUID(text) for (text,) in store.execute(CLEANED, [like])}
            found = [run_id for run_id in found if run_id not in done]
        return cls(target, tuple(found))

    def values(self, store: Store, cipher: BackupCipher, hands: Hands) -> Iterator[list[bytes]]:
        """Yield the bytes of the secrets in parts; whoever takes them answers for where they go.

        Between two shares there may be a rest, without a snapshot that would be held meanwhile.
        """
        for share in _shares(store, cipher, hands):
            with hands.reading(), store.transaction():
                for rows in table.every(store, cipher.run_id, cipher.name, share, ahead=True):
                    yield _values(self.target, cipher, rows)


def _shares(store: Store, cipher: BackupCipher, hands: Hands) -> Sequence[Share]:
    if not hands.takes_turns:
        return [WHOLE]
    pages = table.size(store, cipher.run_id)
    return cut(pages, max(1, pages // _PAGES_AT_ONCE))


def _values(
    target: Target, cipher: BackupCipher, rows: Sequence[tuple[list[str], bytes]]
) -> list[bytes]:
    if target.is_document:
        return [one for row_key, sealed in rows for one in _leaves(target, cipher, row_key, sealed)]
    row_keys, sealed = zip(*rows, strict=True)
    texts = cipher.open_all(row_keys, sealed)
    if target.column.type == "bpchar":
        return [octets.rstrip(b" ") for octets in texts.octets()]
    octets = target.column.secrets_of(texts).octets()
    return list(octets) if target.field.format != "otpauth" else list(map(_telling, octets))


def _leaves(
    target: Target, cipher: BackupCipher, row_key: list[str], sealed: bytes
) -> Iterator[bytes]:
    # Of the key, a backup has the text, which is what it was sealed with.
    key: tuple[KeyPart, ...] = tuple(row_key)
    try:
        secrets = plain(target, held(target, cipher, key, sealed))
    except NotADocument:
        return
    for secret, value in secrets:
        yield _telling(secret.octets())
        spelling = value.spelling.strip('"').encode(errors="surrogatepass")
        if spelling != secret.octets():
            yield _telling(spelling)


def _telling(octets: bytes) -> bytes:
    found = _SECRET.search(octets)
    return found[1] if found else octets
