"""Change the data key: stage the next one, wait for the readers, let it take over."""

from time import monotonic
from typing import Any
from uuid import UUID

from reseal import rotation
from reseal.audit.action import Action
from reseal.key_change import is_interrupted, need_previous
from reseal.keys import Keys
from reseal.rotation import Change, Wait, is_unfinished
from reseal.store import data_key, quarantine
from tasks.run import current
from tasks.step import step


@step(name="need a key")
def need_key() -> None:
    """See to it that there is a key to replace."""
    data_key.need_any(current().store)


@step(name="need readers")
def need_readers(assumed: bool) -> None:
    """See to it that a reader is known, or that readiness is assumed."""
    if not assumed:
        rotation.need_readers(current().store)


@step(name="stage key")
def stage_key(instead: int) -> int:
    """See to a durable and proven staged key, another than `instead`; return its version."""
    run = current()
    found = data_key.staged(run.store)

    def note(version: int) -> None:
        run.note(Action.KEY_STAGED, key_version=version, taken_up=version in found)

    return data_key.ensure_staged(
        run.store, run.access.kek(), run.actor, run.access.config.keys, instead=instead, note=note
    )


@step(name="await readers", task_run_name="await readers of key {version}")
def await_readers(version: int, assumed: bool, urgent: bool) -> None:
    """Wait until every live reader opens the key."""
    run = current()
    stays = f"key {version} stays staged for the next `reseal rotate`"
    wait = Wait(run.rest, monotonic, assumed=assumed, urgent=urgent, otherwise=stays)
    value = data_key.check_value(run.store, run.access.kek(), version)
    ready = rotation.await_readers(run.store, version, value, wait)
    run.note(
        Action.READERS_READY,
        key_version=version,
        instances=list(ready.instances),
        late=list(ready.late),
        assumed=assumed and not ready.instances,
    )


@step(name="await openers", task_run_name="await those that do not open key {version}")
def await_openers(version: int) -> None:
    """Wait a while for live readers that do not open the key that seals, or not yet."""
    run = current()
    value = run.access.keyring(run.store).check_values[version]
    rotation.await_openers(run.store, version, value, Wait(run.rest, monotonic))


@step(name="activate key", task_run_name="activate key {version}")
def activate_key(version: int) -> None:
    """Let a key seal and the active one retire; the audit log says so, or neither is."""
    run = current()
    with run.store.transaction():
        previous = data_key.activate(run.store, version)
        retiring = data_key.retiring(run.store)
        run.note(Action.KEY_ACTIVATED, key_version=version, previous=previous, retiring=retiring)


@step(name="await sealers", task_run_name="await those that seal under another key than {version}")
def await_sealers(version: int) -> None:
    """Wait until no live reader seals under an older key, as far as they tell."""
    run = current()
    late = rotation.await_sealers(run.store, version, Wait(run.rest, monotonic))
    if late:
        run.note(Action.SEALING_UNDER_OLDER, key_version=version, instances=late)


@step(name="unfinished rotation")
def find_unfinished() -> Change | None:
    """Return the change that an earlier rotation left unfinished, or did not live to prove."""
    run = current()
    change = _change(is_new=False)
    counted = [
        (census, quarantine.unreadable_rows(run.store, field.name))
        for field in run.fields
        if (census := run.field_result(field.name).before)
    ]
    # Nothing more goes under a key that others know, so there a new rotation is due.
    is_over = data_key.is_compromised(run.store, change.active)
    staged = data_key.staged(run.store)
    # Where all rows are resealed, an interrupted run has still not proven them.
    is_due = is_unfinished(counted, change.active, staged) or (
        not staged and is_interrupted(run.store, change.active, run.run_id)
    )
    if is_over or not is_due:
        return None
    run.note(Action.ROTATION_GONE_ON, key_version=change.active, retiring=list(change.retiring))
    return change


@step(name="change of key")
def change_made() -> Change:
    """Return what this run made of the keys."""
    return _change(is_new=True)


@step(name="active key")
def active_key() -> int:
    """Return the version of the key that seals."""
    return _change(is_new=False).active


@step(name="key before")
def previous_key(run_id: UUID) -> int:
    """Return the key that sealed before a rotation; raise an error that says why it may not."""
    return need_previous(current().store, run_id)


@step(name="no change of key")
def no_change() -> Change:
    """Return that the active key stays."""
    return _change(is_new=False)


@step(name="retirement gates")
def look_at_gates() -> dict[str, list[dict[str, Any]]]:
    """Count what is under every key, keep that, and return the gates of each retiring key."""
    run = current()
    keys = Keys(run.access, run.store, run.actor)
    counted = keys.count_and_record(run.run_id)
    gates = {version: keys.gates_of(version, counted) for version in data_key.retiring(run.store)}
    return {str(version): [gate.as_dict() for gate in found] for version, found in gates.items()}


def _change(*, is_new: bool) -> Change:
    run = current()
    active = run.access.keyring(run.store).active
    return Change(active, tuple(data_key.retiring(run.store)), is_new)
