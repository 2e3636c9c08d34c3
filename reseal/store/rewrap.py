"""Move every data key from one key-encryption key to another, all at once or not at all."""

from reseal.errors import KekError, KekUnreachable
from reseal.kek import Kek
from reseal.keyring import DataKey
from reseal.store import data_key
from reseal.store.store import Store

# Also those that are disabled: they can be brought back.
KEPT = """
SELECT version, state, wrapped, check_value FROM {reseal}.data_key
WHERE wrapped IS NOT NULL ORDER BY version
"""

REPLACE = "UPDATE {reseal}.data_key SET wrapped = %s, kek = %s WHERE version = %s"


def rewrap(store: Store, old: Kek, new: Kek) -> list[int]:
    """Wrap every kept data key under the new KEK; return the versions that were moved.

    Each is proven by its check value before, and by unwrapping after. A key that the new KEK opens
    already stays as it is. Until the transaction commits, only the old KEK opens the others.
    """
    moved = []
    with store.transaction():
        store.execute(data_key.LOCK)
        for row in store.execute(KEPT).fetchall():
            key = _not_moved_yet(old, new, *row)
            if key is None:
                continue
            store.execute(REPLACE, [data_key.proven_wrap(new, key), new.uri, key.version])
            moved.append(key.version)
    return moved


def _not_moved_yet(
    old: Kek, new: Kek, version: int, state: str, wrapped: bytes, check_value: bytes
) -> DataKey | None:
    try:
        return data_key.unwrapped(old, version, state, wrapped, check_value)
    except KekUnreachable:
        raise
    except KekError as error:
        fault = error
    try:
        data_key.unwrapped(new, version, state, wrapped, check_value)
    except KekUnreachable:
        raise
    except KekError:
        raise fault from None
    return None
