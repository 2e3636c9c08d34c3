"""The stage `backup`: every original sealed apart, restored and compared before any changes."""

from flows.passes import rows_after, spans
from reseal.audit.action import Action
from reseal.backup import table
from reseal.errors import ResealError, Stopped
from tasks import artifacts
from tasks.backup import (
    back_up_span,
    begin_backup,
    copy_backup,
    copy_late_backup,
    need_writable,
    prove_backup,
)
from tasks.run import Run


def back_up(run: Run, to: str | None = None) -> None:
    """Seal every original into the backup and prove it by a restore; so also its copy in files."""
    to = to or run.access.config.backup.to
    with run.stage("backup"):
        if to:
            need_writable(to)
        # All before the first span: workers are started with the backup keys at hand.
        for field in run.fields:
            begin_backup(field.name)
        for field in run.fields:
            rows = _back_up_spans(run, field.name)
            proof = prove_backup(field.name)
            copy = copy_backup(field.name, to) if to else None
            done = {"rows": rows, "compared": proof.compared, "copy": copy and copy.as_dict()}
            run.evidence.write(f"backup-{field.name}", done)
            run.note(Action.BACKUP_PROVEN, field=field.name, **done)


def _back_up_spans(run: Run, name: str) -> int:
    target = run.access.target(run.store, name)
    run.progress.begin("backup", name, target.rows, rows_after(run, name))
    parts = spans(run, target)
    futures = [run.submit(back_up_span, name, span) for span in parts]
    bar = artifacts.begin_progress(f"backup {name}")
    rows = 0
    with run.awaiting(futures) as looked_at:
        for done, (span, future) in enumerate(zip(parts, futures, strict=True), start=1):
            try:
                rows += future.result()
            except Stopped as stopped:
                raise run.stopped(str(stopped)) from None
            looked_at(round(span.pages * target.rows_per_page))
            run.watch("backup", name, rows, target.rows)
            artifacts.show_progress(bar, done, len(futures))
    run.watch("backup", name, rows, rows)
    return rows


def copy_late(run: Run, name: str) -> None:
    """Write what came late beside the copy of the backup, where it has one.

    The backup in the database has it in any case, so that a copy without it does not end the run.
    """
    found = table.find(run.store, run.run_id, name)
    if found is None or not found.copies:
        return
    try:
        copy = copy_late_backup(name)
    except ResealError as error:
        said = f"the copy of the backup of {name} holds what came late: {error}"
        run.field_result(name).failed_claims.append(said)
        return
    if copy is not None:
        run.evidence.write(f"backup-late-{name}", copy.as_dict())
        run.note(Action.LATE_BACKUP_COPIED, field=name, copy=copy.as_dict())
