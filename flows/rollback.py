"""Undo a run: an encryption, a rotation, or a rollback."""

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from flows import rotation, stages
from flows.counting import count_before
from flows.encrypt_secrets import seal_everything
from flows.ending import conclude, with_claims
from flows.hooks import HOOKS
from flows.names import named
from flows.options import EncryptOptions, RollbackOptions
from flows.restoring import restore_originals, said_of
from flows.running import holding, running
from flows.states import state_of
from reseal import register
from reseal.outcome import Outcome
from reseal.store import reader
from reseal.store.ledger import RunRecord
from reseal.undoable import Undoable, Undoing, need_undoable, need_way
from tasks import keys
from tasks.run import Run


@flow(name="rollback_run", flow_run_name=named("roll back"), persist_result=False, **HOOKS)
def rollback_run(options: RollbackOptions) -> State[None]:
    """Undo a run: originals from its backup, newer enrolments left as they are and listed.

    A rotation is undone by letting the key before it take over again, a rollback by sealing again.
    """
    with running("rollback_run", options, options.mode) as run:
        record, how = _known(run, options)
        again = EncryptOptions(mode=options.mode)
        if how is Undoing.SEAL_AGAIN:
            stages.preflight(run, again)
        count_before(run)
        with holding(run, keys=how is Undoing.TURN_BACK):
            if how is Undoing.TURN_BACK:
                _turn_back(run, record.run_id)
            elif how is Undoing.SEAL_AGAIN:
                seal_everything(run, again)
            else:
                restore_originals(record.run_id, options.unseal_newer)
                _summarise(run, record)
            if _is_undone(run):
                register.undo(run.store, record.run_id, run.actor, run.run_id)
    return state_of(run.result)


def _is_undone(run: Run) -> bool:
    """Say whether the run is undone, but for what was left alone on purpose."""
    return run.result.outcome not in (Outcome.FAILED, Outcome.ROLLED_BACK) and not run.result.held


def _turn_back(run: Run, rolled_back: UUID) -> None:
    # Asked again, now that no other run can change a key.
    previous = keys.previous_key(rolled_back)
    change = rotation.take_over(run, previous, assumed=True)
    rotation.make_ready(run)
    # No claim is stated first: a way back must not be barred by what is not as it should be.
    rotation.carry_out(run, change, f"run {rolled_back} rolled back")
    for result in run.result.fields.values():
        result.restored = result.changed


def _known(run: Run, options: RollbackOptions) -> Undoable:
    """Return the run that is meant, once it is certain that it can be rolled back."""
    kek = run.access.backup_kek()
    found = need_undoable(run.store, options.run_id, kek, newer=options.unseal_newer)
    run.fields = tuple(run.access.config.field(name) for name in found.record.fields)
    if found.how is Undoing.RESTORE:
        need_way(run.store, [run.access.target(run.store, field.name) for field in run.fields])
    return found


def _summarise(run: Run, rolled_back: RunRecord) -> None:
    result, run_id = run.result, rolled_back.run_id
    message = f"run {run_id} rolled back: {said_of(run, run_id)}"
    if rolled_back.outcome == Outcome.ROLLED_BACK and not result.restored + result.held:
        message = (
            f"run {run_id} was rolled back before, and nothing that stands is its own: "
            f"{said_of(run, run_id)}"
        )
    live, plain = reader.count_live(run.store)
    if live > plain:
        message += f"; {live - plain} live applications seal what is enrolled: deploy seals=False"
    is_partial = result.held or result.left_alone or result.failed_claims
    conclude(run, Outcome.PARTIAL if is_partial else Outcome.DONE, with_claims(run, message))
