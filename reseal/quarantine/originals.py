"""Back up quarantined rows that are tried again, and prove that, before the first one is sealed."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.backup.coverage import Coverage
from reseal.backup.prove import Proof, Source, conclude
from reseal.backup.scratch import digest
from reseal.cell import state
from reseal.errors import Refused
from reseal.quarantine.choice import show_key
from reseal.quarantine.standing import standing
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.catalog import Target
from reseal.store.quarantine import Key
from reseal.store.store import Store


@dataclass(frozen=True, slots=True)
class Originals:
    """The plaintext of the chosen rows as it stands when their backup begins.

    What is written to them later is late, as it is in any run: the transaction that seals it
    backs it up.
    """

    rows: frozenset[Key]
    covered: Coverage

    def take(self, store: Store, target: Target) -> int:
        """Seal them into the backup; return how many."""
        found = list(self._plain(store, target))
        _need_distinct(target, [row_key for row_key, _ in found])
        row_keys, texts = [list(row_key) for row_key, _ in found], [text for _, text in found]
        kept = self.covered.keep_all(row_keys, texts)
        table.fill(store, self.covered.cipher.run_id, self.covered.cipher.name, kept)
        return len(kept)

    def prove(self, store: Store, target: Target, backup: BackupCipher) -> Proof:
        """Restore the whole backup and compare; raise BackupNotProven on the least difference."""
        proof = self._compare(store, target, backup, _stored(store, backup))
        conclude(store, backup.run_id, backup.name, proof)
        return proof

    def prove_copy(
        self, store: Store, target: Target, backup: BackupCipher, source: Source
    ) -> Proof:
        """Restore a copy of the backup in the place of the stored rows, and compare."""
        proof = self._compare(store, target, backup, source)
        return proof.need_whole(f"copy of the backup of {backup.name!r}")

    def _compare(self, store: Store, target: Target, backup: BackupCipher, source: Source) -> Proof:
        salt = os.urandom(16)
        restored = _restored(backup, salt, source)
        proof = Proof(len(restored))
        for row_key, text in self._plain(store, target):
            found, stands = restored.get(row_key), digest(salt, Secret(text))
            proof += Proof(0, found == stands, found not in (None, stands), found is None)
        return proof

    def _plain(self, store: Store, target: Target) -> Iterator[tuple[Key, str]]:
        for row in standing(store, target):
            is_meant = row.row_key in self.rows and self.covered.has(row.version)
            if is_meant and row.text is not None and state(target, row.text).shape is Shape.PLAIN:
                yield row.row_key, row.text


def _restored(backup: BackupCipher, salt: bytes, source: Source) -> dict[Key, bytes]:
    return {
        tuple(row_key): digest(salt, backup.open(row_key, sealed))
        for part in source
        for row_key, sealed in part
    }


def _stored(store: Store, backup: BackupCipher) -> Source:
    for page in table.pages(store, backup.run_id, backup.name):
        yield [(row.row_key, row.sealed) for row in page]


def _need_distinct(target: Target, keys: list[Key]) -> None:
    """Of tables that inherit from each other, several rows can have one key."""
    often = [row_key for row_key, rows in Counter(keys).items() if rows > 1]
    if often:
        raise Refused(
            f"several rows of {target.field.name} have the key {show_key(often[0])}; give each a "
            "key of its own, as an envelope is bound to it"
        )
