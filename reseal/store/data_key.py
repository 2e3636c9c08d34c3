"""The table of data keys: wrapped by the KEK, proven before anything is sealed under them."""

import hmac
from collections.abc import Callable
from dataclasses import replace

from reseal.audit.action import Action
from reseal.errors import ConfigurationError, KekError, KeyringError, Refused
from reseal.kek import Kek
from reseal.key_life import check_move
from reseal.key_policy import KeyPolicy
from reseal.keyring import DataKey, Keyring, KeyState, context
from reseal.place import Place
from reseal.secret import Secret
from reseal.steps import Apart, Steps, transaction
from reseal.store import event, key_use, schema
from reseal.store.event import Event
from reseal.store.store import Statement, Store

ALL = """
SELECT version, state, wrapped, check_value FROM {reseal}.data_key
WHERE state IN ('staged', 'active', 'retiring') ORDER BY version
"""

INSERT = """
INSERT INTO {reseal}.data_key
    (version, state, wrapped, kek, check_value, owner, activated, created, expires)
SELECT %(version)s, %(state)s, %(wrapped)s, %(kek)s, %(check_value)s, %(owner)s,
       CASE WHEN %(state)s = 'active' THEN now END, now, now + make_interval(days => %(days)s)
FROM clock_timestamp() AS now
"""

NEXT = "SELECT coalesce(max(version), 0) + 1 FROM {reseal}.data_key"

LOCK = "LOCK TABLE {reseal}.data_key IN SHARE ROW EXCLUSIVE MODE"

STATES = "SELECT version, state FROM {reseal}.data_key ORDER BY version"

# One that others know is never taken up.
STAGED = """
SELECT version FROM {reseal}.data_key WHERE state = 'staged' AND compromised IS NULL
ORDER BY version
"""

# The cryptoperiod begins when a key first seals, and goes on where it is activated again.
MOVE = """
UPDATE {reseal}.data_key SET state = %(state)s,
    expires = CASE WHEN %(state)s = 'active' AND activated IS NULL
        THEN clock_timestamp() + (expires - created) ELSE expires END,
    activated = CASE WHEN %(state)s = 'active' THEN clock_timestamp() ELSE activated END,
    retired = CASE WHEN %(state)s = 'retiring' THEN clock_timestamp() ELSE retired END,
    disabled = CASE WHEN %(state)s = 'disabled' THEN clock_timestamp() ELSE disabled END,
    destroyed = CASE WHEN %(state)s = 'destroyed' THEN clock_timestamp() ELSE destroyed END,
    wrapped = CASE WHEN %(state)s = 'destroyed' THEN NULL ELSE wrapped END
WHERE version = %(version)s
"""

COMPROMISED = """
UPDATE {reseal}.data_key SET compromised = coalesce(compromised, clock_timestamp())
WHERE version = %s
"""

IS_COMPROMISED = """
SELECT compromised IS NOT NULL FROM {reseal}.data_key WHERE version = %s
"""


def load(store: Store, kek: Kek, *, seals: bool = False) -> Keyring:
    """Unwrap the loaded keys and prove each by its check value.

    `seals` says that something will be sealed, and has the seals so far counted.
    """
    keys = _keys(store, kek)
    if not keys:
        raise KeyringError("there is no data key yet; the first encryption makes one")
    active = _active(keys)
    return Keyring(keys, key_use.sealed(store, active[0]) if seals and active else 0)


def loading(kek: Kek) -> Steps[Keyring | None]:
    """Do for an application what `load` does; the result is None where there is no key yet."""
    ((*rows,),) = yield transaction(Statement(ALL))
    # Of a key service, unwrapping asks over the network.
    keys: list[DataKey] = yield Apart(lambda: [unwrapped(kek, *row) for row in rows])
    if not keys:
        return None
    counts = yield transaction(*map(key_use.counting_seals, _active(keys)))
    return Keyring(keys, sum(int(count) for ((count,),) in counts))


def exists(store: Store) -> bool:
    """Say whether there is any loaded key; without a schema there is none."""
    return schema.exists(store) and store.one(ALL) is not None


def need_any(store: Store) -> None:
    """Raise ConfigurationError where there is no loaded key."""
    if not exists(store):
        raise ConfigurationError(
            "there is no data key in this database: run `reseal encrypt` first; where rows are "
            'sealed, the key is gone: see docs/runbook.md, "A key that is lost"'
        )


def ensure_active(store: Store, kek: Kek, owner: str, policy: KeyPolicy | None = None) -> Keyring:
    """Return the keyring, with a first active key made and proven where there is none.

    The audit log has it that the owner made it.
    """
    with store.transaction():
        # Two runs that begin together must not make two keys of the same version.
        store.execute(LOCK)
        if not exists(store):
            version = _add(store, kek, _next(store, KeyState.ACTIVE), owner, policy)
            detail = {"key_version": version, "kek": kek.uri}
            event.append(store, Event(None, owner, Action.KEY_MADE, detail))
    # Read back what is stored and committed: only a durable key may seal.
    keyring = load(store, kek)
    _prove(keyring)
    return keyring


def ensure_staged(
    store: Store,
    kek: Kek,
    owner: str,
    policy: KeyPolicy | None = None,
    *,
    instead: int = 0,
    note: Callable[[int], None] | None = None,
) -> int:
    """Return the version of a staged key, made and proven where there is none.

    One that an interrupted rotation left behind is as good as a new one, but for `instead`.
    `note` tells the audit log, in the transaction that makes the key.
    """
    with store.transaction():
        store.execute(LOCK)
        waiting = [version for version in staged(store) if version != instead]
        if waiting:
            version = waiting[-1]
        else:
            # A key that this KEK wraps beside keys that it does not open could never be loaded.
            _keys(store, kek)
            version = _add(store, kek, _next(store, KeyState.STAGED), owner, policy)
        if note:
            note(version)
    # Read back what is stored and committed, together with the keys beside which it must stand.
    keys = _keys(store, kek)
    Keyring(keys)
    (made,) = (key for key in keys if key.version == version)
    _prove(Keyring([replace(made, state=KeyState.ACTIVE)]))
    return version


def activate(store: Store, version: int) -> int | None:
    """Let a key seal and the active one retire, both at once; return the one that retired.

    That is None where the key is active already.
    """
    with store.transaction():
        store.execute(LOCK)
        found = states(store)
        if need(found, version) is KeyState.ACTIVE:
            return None
        need_trusted(store, version)
        others = _in_state(found, KeyState.ACTIVE)
        for other in others:
            _move(store, found, other, KeyState.RETIRING)
        _move(store, found, version, KeyState.ACTIVE)
    return others[0] if others else None


def is_compromised(store: Store, version: int) -> bool:
    """Say whether a key is known to others."""
    return bool(store.need(IS_COMPROMISED, [version])[0])


def need_trusted(store: Store, version: int) -> None:
    """Raise Refused where a key is known to others."""
    if is_compromised(store, version):
        raise Refused(f"data key {version} was compromised and must not seal again")


def retire(store: Store, version: int) -> None:
    """Give up a staged key or bring back a disabled one; raise Refused for any other."""
    with store.transaction():
        store.execute(LOCK)
        found = states(store)
        if need(found, version) is KeyState.ACTIVE:
            raise Refused(
                f"data key {version} is the one that seals; it retires when another takes over: "
                "run `reseal rotate`, or `reseal keys activate` with another version"
            )
        _move(store, found, version, KeyState.RETIRING)


def move(store: Store, version: int, state: KeyState) -> None:
    """Put a key into another state than active; raise Refused where that may not follow."""
    with store.transaction():
        store.execute(LOCK)
        _move(store, states(store), version, state)


def mark_compromised(store: Store, version: int) -> None:
    """Record that a key is known to others; it never seals again."""
    with store.transaction():
        store.execute(LOCK)
        need(states(store), version)
        store.execute(COMPROMISED, [version])


def states(store: Store) -> dict[int, KeyState]:
    """Return the state of every key by version."""
    return {version: KeyState(state) for version, state in store.execute(STATES)}


def need(found: dict[int, KeyState], version: int) -> KeyState:
    """Return the state of a key; raise ConfigurationError where there is none."""
    if version not in found:
        known = ", ".join(map(str, found)) or "none yet"
        raise ConfigurationError(f"there is no data key {version}; there is: {known}")
    return found[version]


def staged(store: Store) -> list[int]:
    """Return the versions of the keys that wait to become active."""
    return [version for (version,) in store.execute(STAGED)]


def retiring(store: Store) -> list[int]:
    """Return the versions of the keys that open what has not been resealed yet."""
    return _in_state(states(store), KeyState.RETIRING)


def check_value(store: Store, kek: Kek, version: int) -> bytes:
    """Return the check value of a loaded key, proven by its bytes."""
    values = {key.version: key.check_value for key in _keys(store, kek)}
    if version not in values:
        state = need(states(store), version)
        raise Refused(f"data key {version} is {state.value}, so no reader loads it")
    return values[version]


def _next(store: Store, state: KeyState) -> DataKey:
    return DataKey.fresh(store.need(NEXT)[0], state)


def _add(store: Store, kek: Kek, key: DataKey, owner: str, policy: KeyPolicy | None = None) -> int:
    values = {
        "version": key.version,
        "state": key.state,
        "wrapped": proven_wrap(kek, key),
        "kek": kek.uri,
        "check_value": key.check_value,
        "owner": owner,
        "days": (policy or KeyPolicy()).cryptoperiod_days,
    }
    store.execute(INSERT, values)
    return key.version


def proven_wrap(kek: Kek, key: DataKey) -> bytes:
    """Wrap a key and see that it comes back; raise KekError where it does not."""
    wrapped = kek.wrap(key.material, context(key.version))
    if not hmac.compare_digest(kek.unwrap(wrapped, context(key.version)), key.material):
        raise KekError(f"the key-encryption key {kek.uri} does not unwrap what it wrapped")
    return wrapped


def _move(store: Store, found: dict[int, KeyState], version: int, state: KeyState) -> None:
    check_move(version, need(found, version), state)
    store.execute(MOVE, {"version": version, "state": state})


def _active(keys: list[DataKey]) -> list[int]:
    return [key.version for key in keys if key.state is KeyState.ACTIVE]


def _in_state(found: dict[int, KeyState], state: KeyState) -> list[int]:
    return [version for version, now in found.items() if now is state]


def _keys(store: Store, kek: Kek) -> list[DataKey]:
    return [unwrapped(kek, *row) for row in store.execute(ALL)]


def unwrapped(kek: Kek, version: int, state: str, wrapped: bytes, said: bytes) -> DataKey:
    """Return a stored key, proven by its check value."""
    key = DataKey(version, KeyState(state), kek.unwrap(wrapped, context(version)))
    if not hmac.compare_digest(key.check_value, said):
        raise KeyringError(f"data key {version} does not match its check value")
    return key


def _prove(keyring: Keyring) -> None:
    place, canary = Place("reseal canary", (keyring.active,)), Secret("canary")
    if not keyring.open(place, keyring.seal(place, canary)).matches(canary):
        raise KeyringError(f"data key {keyring.active} does not open what it sealed")
