"""Back up a field and prove the backup by restoring it."""

from reseal.backup import table, take
from reseal.backup.prove import Proof
from reseal.sweep.span import Span
from tasks.run import current
from tasks.step import step


@step(name="begin backup", task_run_name="begin backup of {field}")
def begin_backup(field: str) -> None:
    """Make the backup key and fix the horizon."""
    run = current()
    take.begin(run.store, run.run_id, field, run.access.backup_kek())


@step(name="back up span", task_run_name="back up {field} {span}")
def back_up_span(field: str, span: Span) -> int:
    """Seal the originals on a range of pages into the backup."""
    run = current()
    return run.workers.back_up(run.run_id, field, span).result()


@step(name="prove backup", task_run_name="prove backup of {field}")
def prove_backup(field: str) -> Proof:
    """Restore the whole backup and compare it with the table."""
    run = current()
    table.analyze(run.store, run.run_id)
    return run.workers.prove(run.run_id, field).result()
