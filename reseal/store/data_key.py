"""The table of data keys: wrapped by the KEK, proven before anything is sealed under them."""

import hmac
from dataclasses import replace

from reseal.errors import ConfigurationError, KekError, KeyringError
from reseal.kek import Kek
from reseal.key_life import check_move
from reseal.keyring import DataKey, Keyring, KeyState, context
from reseal.place import Place
from reseal.secret import Secret
from reseal.store import schema
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

STATES = "SELECT version, state FROM {reseal}.data_key ORDER BY version"

MOVE = """
UPDATE {reseal}.data_key SET state = %(state)s,
    activated = CASE WHEN %(state)s = 'active' THEN clock_timestamp() ELSE activated END
WHERE version = %(version)s
"""

INVENTORY = """
SELECT version, state, algorithm, kek, owner, purpose, created, activated, expires
FROM {reseal}.data_key ORDER BY version
"""


def load(store: Store, kek: Kek) -> Keyring:
    """Unwrap the loaded keys and prove each by its check value."""
    keys = _keys(store, kek)
    if not keys:
        raise KeyringError("there is no data key yet; the first encryption makes one")
    return Keyring(keys)


def exists(store: Store) -> bool:
    """Say whether there is any loaded key."""
    return store.one(ALL) is not None


def need_any(store: Store) -> None:
    """Raise ConfigurationError where there is no loaded key, so that nothing is sealed."""
    if not (schema.exists(store) and exists(store)):
        raise ConfigurationError(
            "there is no data key in this database yet, so nothing is sealed; "
            "run `reseal encrypt` first"
        )


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


def ensure_staged(store: Store, kek: Kek, owner: str) -> int:
    """Return the version of a staged key, made and proven where there is none."""
    with store.transaction():
        store.execute(LOCK)
        # One that an interrupted rotation left behind is as good as a new one.
        if not staged(store):
            row = store.need(NEXT)
            _add(store, kek, DataKey.fresh(row[0], KeyState.STAGED), owner)
    # Read back what is stored and committed, together with the keys beside which it must stand.
    keys = _keys(store, kek)
    Keyring(keys)
    latest = [key for key in keys if key.state is KeyState.STAGED][-1]
    _prove(Keyring([replace(latest, state=KeyState.ACTIVE)]))
    return latest.version


def activate(store: Store, version: int) -> None:
    """Let a staged key seal and the active one retire, both at once; nothing where that is so."""
    with store.transaction():
        store.execute(LOCK)
        found = states(store)
        if found.get(version) is KeyState.ACTIVE:
            # A rotation of other fields, begun together with this one, has done it.
            return
        for other in _in_state(found, KeyState.ACTIVE):
            _move(store, found, other, KeyState.RETIRING)
        _move(store, found, version, KeyState.ACTIVE)


def states(store: Store) -> dict[int, KeyState]:
    """Return the state of every key by version."""
    return {version: KeyState(state) for version, state in store.execute(STATES)}


def staged(store: Store) -> list[int]:
    """Return the versions of the keys that wait to become active."""
    return _in_state(states(store), KeyState.STAGED)


def retiring(store: Store) -> list[int]:
    """Return the versions of the keys that open what has not been resealed yet."""
    return _in_state(states(store), KeyState.RETIRING)


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


def _move(store: Store, found: dict[int, KeyState], version: int, state: KeyState) -> None:
    if version not in found:
        raise KeyringError(f"there is no data key {version}")
    check_move(version, found[version], state)
    store.execute(MOVE, {"version": version, "state": state})


def _in_state(found: dict[int, KeyState], state: KeyState) -> list[int]:
    return [version for version, now in found.items() if now is state]


def _keys(store: Store, kek: Kek) -> list[DataKey]:
    return [_unwrapped(kek, *row) for row in store.execute(ALL)]


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
