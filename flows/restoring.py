"""Put originals back: a stage of a rollback, and the branch of an encryption that failed."""

from uuid import UUID

from prefect import flow

from flows.passes import converge
from reseal.audit.action import Action
from reseal.restore import record_gone
from reseal.since import later_runs
from reseal.store import ledger, quarantine
from tasks.run import Run, current
from tasks.sweep import restore_span
from tasks.table import count_rows, lower_shield, make_way


@flow(name="restore_originals", persist_result=False)
def restore_originals(rolled_back: UUID, unseal_newer: bool = False) -> None:
    """Restore every field of the run that is under way."""
    run = current()
    with run.stage("rollback"):
        for field in run.fields:
            _restore(run, field.name, rolled_back, unseal_newer)


def _restore(run: Run, field: str, rolled_back: UUID, newer: bool) -> None:
    make_way(field)
    last = converge(
        run,
        field,
        "rollback",
        lambda number, span: run.submit(restore_span, field, rolled_back, number, span, newer),
    )
    if last.converged:
        ledger.forget_unmet(run.store, run.run_id, field, run.swept_since[field])
    record_gone(run.store, run.access.target(run.store, field), rolled_back, run.run_id)
    result = run.field_result(field)
    result.moved, result.locked = last.moved, last.locked
    result.restored = ledger.unsealed_rows(run.store, run.run_id, field)
    result.left_alone = ledger.count_left_alone(run.store, run.run_id, field)
    # After the branch of an encryption, the rows that it had quarantined are named as well.
    result.rows_set_aside = [
        *quarantine.listed(run.store, run.run_id, field),
        *ledger.left_alone(run.store, run.run_id, field),
    ]
    result.after = count_rows(field)
    if not last.moved + last.locked:
        _lower_shield(run, field, rolled_back)
    _list_left_alone(run, field)
    run.note(
        Action.ROLLED_BACK, field=field, restored=result.restored, left_alone=result.left_alone
    )


def said_of(run: Run, rolled_back: UUID) -> str:
    """Say how many rows were restored and left alone, where they are listed, and how to go on."""
    result = run.result
    said = f"{result.restored} restored, {result.left_alone} left alone"
    lists = [f"left-alone-{name}.csv" for name, part in result.fields.items() if part.left_alone]
    if lists:
        said += f" ({' and '.join(lists)} in the evidence says why)"
    if result.held:
        said += f", {result.held} still held: `reseal rollback {rolled_back}` goes on"
    return said


def _lower_shield(run: Run, field: str, rolled_back: UUID) -> None:
    """Take the shield off with the last row; before, whoever goes on must find it standing."""
    if not all(later_runs(run.store, rolled_back, field).values()):
        # What a later run has sealed still stands behind it.
        return
    why_not = lower_shield(field)
    if why_not:
        run.field_result(field).failed_claims.append(f"the shield is off {field}: {why_not}")


def _list_left_alone(run: Run, field: str) -> None:
    """Write down every row that was left alone, where the run's result names only the first."""
    rows = ledger.left_alone(run.store, run.run_id, field, most=None)
    names = [column.name for column in run.access.target(run.store, field).key]
    listed = ([*row["key"], row["reason"]] for row in rows)
    run.evidence.write_table(f"left-alone-{field}", [*names, "reason"], listed)
