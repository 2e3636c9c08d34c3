"""Which key a rotation put in whose place, by the audit log, and whether that can be undone."""

from uuid import UUID

from reseal.audit.action import Action
from reseal.errors import ConfigurationError, Refused
from reseal.key_life import check_move
from reseal.keyring import KeyState
from reseal.store import data_key, event
from reseal.store.ledger import RunRecord
from reseal.store.store import Store

# The flow whose runs replace keys.
ROTATION = "rotate_keys"

# Since the key last took over: a run that was killed has no outcome, and of those that went on with
# it none has come to an end of its own.
INTERRUPTED = """
SELECT coalesce(bool_and(r.outcome IS NULL OR r.outcome = 'stopped'), false)
FROM {reseal}.event AS e JOIN {reseal}.run AS r USING (run_id)
WHERE e.action = ANY(%(actions)s) AND (e.detail ->> 'key_version')::int = %(version)s
  AND e.run_id <> %(run)s AND e.event_id >= (
      SELECT max(event_id) FROM {reseal}.event
      WHERE action = %(activated)s AND (detail ->> 'key_version')::int = %(version)s)
"""


def has_changed_key(store: Store, record: RunRecord) -> bool:
    """Say whether a run was to change which key is active, or did."""
    did = event.latest(store, Action.KEY_ACTIVATED, record.run_id) is not None
    return did or record.flow == ROTATION


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


def is_interrupted(store: Store, version: int, asked_by: UUID) -> bool:
    """Say whether every run that put rows under a key was killed or stopped before its end.

    The last one may have resealed all rows and not proven it.
    """
    values = {
        "actions": [Action.KEY_ACTIVATED, Action.ROTATION_GONE_ON],
        "activated": Action.KEY_ACTIVATED,
        "version": version,
        "run": asked_by,
    }
    return bool(store.need(INTERRUPTED, values)[0])


def _change(store: Store, run_id: UUID) -> dict[str, int | None] | None:
    """Return the event of the run, or of the run whose change it went on with."""
    own = event.latest(store, Action.KEY_ACTIVATED, run_id)
    if own is not None:
        return own
    taken_up = event.latest(store, Action.ROTATION_GONE_ON, run_id)
    if taken_up is None:
        return None
    return event.latest(store, Action.KEY_ACTIVATED, key_version=taken_up["key_version"])
