"""What is known of every key: the inventory that PCI DSS 4.0.1 asks for (3.6.1.1, 3.7.4, 3.7.5)."""

from typing import Any

from reseal.keyring import KEY_BYTES
from reseal.store.store import Store

INVENTORY = """
SELECT k.version, k.state, k.algorithm, k.purpose, k.owner, k.kek, k.created, k.activated,
       k.retired, k.disabled, k.destroyed, k.expires, k.expires <= clock_timestamp(), k.compromised,
       coalesce((SELECT sum(b.seals) FROM {reseal}.batch AS b WHERE b.key_version = k.version), 0)
           + coalesce(u.seals, 0),
       coalesce(u.opens, 0), u.last_opened, (
           SELECT count(*) FROM {reseal}.backup AS o JOIN {reseal}.backup_set AS s
               USING (run_id, field)
           WHERE s.wrapped IS NOT NULL AND EXISTS (
               SELECT FROM {reseal}.batch AS b WHERE b.run_id = s.run_id AND b.field = s.field
                   AND b.key_version = k.version))
FROM {reseal}.data_key AS k LEFT JOIN {reseal}.key_use AS u USING (version) ORDER BY k.version
"""

_WORDS = (
    "version", "state", "algorithm", "purpose", "owner", "kek", "created", "activated", "retired",
    "disabled", "destroyed", "expires", "expired", "compromised", "seals", "opens", "last_opened",
    "backup_rows",
)  # fmt: skip


def inventory(store: Store) -> list[dict[str, Any]]:
    """Return every key's record; no key material, wrapped or not.

    `seals` counts encryptions by runs and applications, `opens` what applications told, and
    `backup_rows` the originals in backups of runs that sealed under the key.
    """
    records = [dict(zip(_WORDS, row, strict=True)) for row in store.execute(INVENTORY)]
    for record in records:
        record["strength"] = KEY_BYTES * 8
        record["seals"] = int(record["seals"])
    return records
