"""The table of data keys: wrapped by the KEK, proven before anything is sealed under them."""

import hmac

from reseal.errors import KekError, KeyringError
from reseal.kek import Kek
from reseal.keyring import DataKey, Keyring, KeyState, context
from reseal.place import Place
from reseal.secret import Secret
from reseal.store.store import Store

ALL = """
SELECT version, state, wrapped, kek, check_value FROM {reseal}.data_key
WHERE state IN ('staged', 'active', 'retiring') ORDER BY version
"""

INSERT = """
INSERT INTO {reseal}.data_key (version, state, wrapped, kek, check_value, owner, activated)
VALUES (%s, %s, %s, %s, %s, %s, CASE WHEN %s = 'active' THEN clock_timestamp() END)
"""

NEXT = "SELECT coalesce(max(version), 0) + 1 FROM {reseal}.data_key"

LOCK = "LOCK TABLE {reseal}.data_key IN SHARE ROW EXCLUSIVE MODE"

INVENTORY = """
SELECT version, state, algorithm, kek, owner, purpose, created, activated, expires
FROM {reseal}.data_key ORDER BY version
"""


def load(store: Store, kek: Kek) -> Keyring:
    """Unwrap the loaded keys and prove each by its check value."""
    keys = [_unwrapped(kek, *row) for row in store.execute(ALL)]
    if not keys:
        raise KeyringError("there is no data key yet; the first encryption makes one")
    return Keyring(keys)


def exists(store: Store) -> bool:
    """Say whether there is any loaded key."""
    return store.one(ALL) is not None


def ensure_active(store: Store, kek: Kek, owner: str) -> Keyring:
    """Return the keyring, with a first active key made and proven where there is none."""
    with store.transaction():
        # Two runs that begin together must not make two keys of the same version.
        store.execute(LOCK)
        if not exists(store):
            row = store.need(NEXT)
            _add(store, kek, DataKey.fresh(row[0], KeyState.ACTIVE), owner)
    # Read back what is stored and committed: only a durable key may seal.
    keyring = load(store, kek)
    _prove(keyring)
    return keyring


def inventory(store: Store) -> list[dict[str, object]]:
    """Return every key's record; no key material, wrapped or not."""
    names = ("version", "state", "algorithm", "kek", "owner", "purpose")
    dates = ("created", "activated", "expires")
    return [dict(zip(names + dates, row, strict=True)) for row in store.execute(INVENTORY)]


def _add(store: Store, kek: Kek, key: DataKey, owner: str) -> None:
    wrapped = kek.wrap(key.material, context(key.version))
    if not hmac.compare_digest(kek.unwrap(wrapped, context(key.version)), key.material):
        raise KekError(f"the key-encryption key {kek.uri} does not unwrap what it wrapped")
    store.execute(
        INSERT, [key.version, key.state, wrapped, kek.uri, key.check_value, owner, key.state]
    )


def _unwrapped(
    kek: Kek, version: int, state: str, wrapped: bytes, _kek_uri: str, check_value: bytes
) -> DataKey:
    key = DataKey(version, KeyState(state), kek.unwrap(wrapped, context(version)))
    if not hmac.compare_digest(key.check_value, check_value):
        raise KeyringError(f"data key {version} does not match its check value")
    return key


def _prove(keyring: Keyring) -> None:
    place, canary = Place("reseal canary", (keyring.active,)), Secret("canary")
    if not keyring.open(place, keyring.seal(place, canary)).matches(canary):
        raise KeyringError(f"data key {keyring.active} does not open what it sealed")
