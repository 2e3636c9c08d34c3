"""Which key a rotation put in whose place, by the audit log, and whether that can be undone."""

from uuid import UUID

from reseal.errors import ConfigurationError, Refused
from reseal.key_life import check_move
from reseal.keyring import KeyState
from reseal.store import data_key, event
from reseal.store.store import Store

ACTIVATED = "key activated"
GONE_ON = "rotation gone on with"


def need_previous(store: Store, run_id: UUID) -> int:
    """Return the key version that sealed before a rotation.

    Raise ConfigurationError where the run changed no key, and Refused where the key that it
    replaced cannot take over again.
    """
    change = _change(store, run_id)
    made, previous = (change["key_version"], change["previous"]) if change else (None, None)
    if made is None or previous is None:
        raise ConfigurationError(f"run {run_id} changed no key, so there is nothing to roll back")
    found = data_key.states(store)
    if found[made] is not KeyState.ACTIVE:
        raise Refused(
            f"key {made}, which run {run_id} activated, is {found[made]}: another change of key "
            "came after it; roll that back first"
        )
    check_move(previous, found[previous], KeyState.ACTIVE)
    data_key.need_trusted(store, previous)
    return previous


def _change(store: Store, run_id: UUID) -> dict[str, int | None] | None:
    """Return the event of the run, or of the run whose change it went on with."""
    own = event.latest(store, ACTIVATED, run_id)
    if own is not None:
        return own
    taken_up = event.latest(store, GONE_ON, run_id)
    if taken_up is None:
        return None
    return event.latest(store, ACTIVATED, key_version=taken_up["key_version"])
