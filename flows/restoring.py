"""Put originals back: a stage of a rollback, and the branch of an encryption that failed."""

from uuid import UUID

from prefect import flow

from flows.passes import converge
from reseal.restore import record_gone
from reseal.store import ledger, quarantine
from tasks.run import Run, current
from tasks.sweep import restore_span
from tasks.table import count_rows, make_way


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
        lambda number, span: restore_span.submit(field, rolled_back, number, span, newer),
    )
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
    _list_left_alone(run, field)
    run.note("rolled back", field=field, restored=result.restored, left_alone=result.left_alone)


def _list_left_alone(run: Run, field: str) -> None:
    """Write down every row that was left alone, where the run's result names only the first."""
    rows = ledger.left_alone(run.store, run.run_id, field, most=None)
    names = [column.name for column in run.access.target(run.store, field).key]
    listed = ([*row["key"], row["reason"]] for row in rows)
    run.evidence.write_table(f"left-alone-{field}", [*names, "reason"], listed)
