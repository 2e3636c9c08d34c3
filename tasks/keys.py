"""Change the data key: stage the next one, wait for the readers, let it take over."""

from time import monotonic

from reseal import rotation
from reseal.rotation import Change
from reseal.store import data_key
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
def stage_key() -> int:
    """See to a durable and proven staged key; return its version."""
    run = current()
    found = data_key.staged(run.store)
    version = data_key.ensure_staged(run.store, run.access.kek(), run.actor)
    run.note("key staged", key_version=version, taken_up=version in found)
    return version


@step(name="await readers", task_run_name="await readers of key {version}")
def await_readers(version: int, assumed: bool) -> None:
    """Wait until every live reader opens the staged key."""
    run = current()
    check_value = run.access.keyring(run.store).check_values[version]
    ready = rotation.await_readers(
        run.store, version, check_value, assumed=assumed, sleep=run.rest, clock=monotonic
    )
    run.note("readers ready", key_version=version, instances=ready, assumed=assumed and not ready)


@step(name="activate key", task_run_name="activate key {version}")
def activate_key(version: int) -> None:
    """Let the staged key seal and the active one retire; the audit log says so, or neither is."""
    run = current()
    with run.store.transaction():
        data_key.activate(run.store, version)
        run.note("key activated", key_version=version, retiring=data_key.retiring(run.store))


@step(name="unfinished rotation")
def find_unfinished() -> Change | None:
    """Return the change that an earlier rotation left unfinished, by the census of the fields."""
    run = current()
    change = _change(is_new=False)
    counted = [run.field_result(field.name).before for field in run.fields]
    before = [census for census in counted if census]
    if not rotation.is_unfinished(before, change.active, data_key.staged(run.store)):
        return None
    run.note("rotation gone on with", key_version=change.active, retiring=list(change.retiring))
    return change


@step(name="change of key")
def change_made() -> Change:
    """Return what this run made of the keys."""
    return _change(is_new=True)


def _change(*, is_new: bool) -> Change:
    run = current()
    active = run.access.keyring(run.store).active
    return Change(active, tuple(data_key.retiring(run.store)), is_new)
