"""Put the originals back where a run's values still stand; a branch and a flow of its own."""

from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State

from flows import rotation
from flows.options import RollbackOptions
from flows.passes import converge
from flows.running import conclude, holding, running
from flows.states import state_of
from reseal.outcome import Outcome
from reseal.restore import ROTATION, need_undoable, record_gone
from reseal.store import ledger
from reseal.store.ledger import RunRecord
from tasks import keys
from tasks.run import Run, current
from tasks.sweep import restore_span
from tasks.table import count_rows, drop_guard


@flow(name="rollback_run", flow_run_name="rollback of {options.run_id}", persist_result=False)
def rollback_run(options: RollbackOptions) -> State[None]:
    """Undo a run: originals from its backup, newer enrolments left as they are and listed.

    A rotation is undone by letting the key before it take over again.
    """
    with running("rollback_run", options, options.mode) as run:
        record = _known(run, options.run_id)
        for field in run.fields:
            run.field_result(field.name).before = count_rows(field.name)
        is_rotation = record.flow == ROTATION
        with holding(run, keys=is_rotation):
            if is_rotation:
                _turn_back(run, record.run_id)
            else:
                restore_originals(record.run_id, options.unseal_newer)
                _summarise(run, record.run_id)
            if run.result.outcome is not Outcome.FAILED:
                ledger.finish(run.store, record.run_id, Outcome.ROLLED_BACK)
    return state_of(run.result)


def _turn_back(run: Run, rolled_back: UUID) -> None:
    # Asked again, now that no other run can change a key.
    previous = keys.previous_key(rolled_back)
    change = rotation.take_over(run, previous, assumed=True)
    rotation.carry_out(run, change, f"run {rolled_back} rolled back")
    for result in run.result.fields.values():
        result.restored = result.changed


@flow(name="restore_originals", persist_result=False)
def restore_originals(rolled_back: UUID, unseal_newer: bool = False) -> None:
    """Restore every field of the run that is under way; the rollback branch of an encryption."""
    run = current()
    with run.stage("rollback"):
        for field in run.fields:
            _restore(run, field.name, rolled_back, unseal_newer)


def _restore(run: Run, field: str, rolled_back: UUID, newer: bool) -> None:
    drop_guard(field)
    last = converge(
        run,
        field,
        "rollback",
        lambda number, span: restore_span.submit(field, rolled_back, number, span, newer),
    )
    record_gone(run.store, run.access.target(run.store, field), rolled_back, run.run_id)
    result = run.field_result(field)
    result.moved, result.locked = last.moved, last.locked
    result.restored = ledger.unsealed_rows(run.store, run.run_id, field)
    result.left_alone = ledger.counted(run.store, "left_alone", run.run_id, field)
    # After the branch of an encryption, the rows that it had quarantined are named as well.
    result.rows_set_aside = [
        *ledger.listed(run.store, "quarantine", run.run_id, field),
        *ledger.listed(run.store, "left_alone", run.run_id, field),
    ]
    result.after = count_rows(field)
    run.note("rolled back", field=field, restored=result.restored, left_alone=result.left_alone)


def _known(run: Run, run_id: str) -> RunRecord:
    """Return the run's record, once it is certain that it can be rolled back."""
    record = need_undoable(run.store, run_id)
    run.fields = tuple(run.access.config.field(name) for name in record.fields)
    return record


def _summarise(run: Run, rolled_back: UUID) -> None:
    restored = sum(result.restored for result in run.result.fields.values())
    left = sum(result.left_alone for result in run.result.fields.values())
    held = sum(result.locked + result.moved for result in run.result.fields.values())
    message = f"run {rolled_back} rolled back: {restored} restored, {left} left alone"
    outcome = Outcome.PARTIAL if held or left else Outcome.DONE
    conclude(run, outcome, message + (f", {held} still in the way" if held else ""))
