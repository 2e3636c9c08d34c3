"""Back up a field and prove the backup by restoring it."""

from concurrent.futures import wait

from reseal import spans
from reseal.audit.action import Action
from reseal.backup import table, take
from reseal.backup.copies import Copied, Copying
from reseal.backup.location import Location
from reseal.backup.prove import Proof, conclude, look_for_missing
from reseal.backup.share import cut
from reseal.posting import Posting
from reseal.sweep.span import Span
from tasks.elsewhere import do
from tasks.run import current
from tasks.step import step

# Of a worker: between two of them a careful run rests. Each is compared with the whole table.
_CAREFUL_SHARES = 4


@step(name="begin backup", task_run_name="begin backup of {field}")
def begin_backup(field: str) -> None:
    """Make the backup key and fix the horizon."""
    run = current()
    kept_days, kek = run.access.config.backup.kept_days, run.access.backup_kek()
    with run.store.transaction():
        take.begin(run.store, run.run_id, field, kek, kept_days)
        run.note(Action.BACKUP_BEGUN, field=field, kek=kek.uri, kept_days=kept_days)


@step(name="back up span", task_run_name="back up {field} {span}")
def back_up_span(posting: Posting, field: str, span: Span) -> int:
    """Seal the originals on a range of pages into the backup."""
    return do(posting, spans.back_up_span, posting.run_id, field, span)


@step(name="prove backup", task_run_name="prove backup of {field}")
def prove_backup(field: str) -> Proof:
    """Restore the whole backup and compare it with the table."""
    run = current()
    table.analyze(run.store, run.run_id)
    backup = take.cipher(run.store, run.run_id, field, run.access.backup_kek())
    careful, workers = run.effort.is_careful, run.workers
    many = workers.count * (_CAREFUL_SHARES if careful else 1)
    shares = cut(table.size(run.store, run.run_id), many)
    proofs = workers.restore_backup(run.run_id, field, shares)
    if careful:
        wait(proofs)
    # Else the server is asked what is missing while the workers restore what is there.
    proof = look_for_missing(run.store, run.access.target(run.store, field), backup)
    proof = sum((one.result() for one in proofs), proof)
    with run.store.transaction():
        conclude(run.store, run.run_id, field, proof)
        run.note(Action.BACKUP_RESTORED, field=field, rows=proof.restored)
    return proof


@step(name="look at the place for copies")
def need_writable(where: str) -> None:
    """See to it that a copy of the backup can be written there."""
    Location.parse(where).need_writable()


@step(name="copy backup", task_run_name="copy backup of {field}")
def copy_backup(field: str, where: str) -> Copied:
    """Write the backup to a file too, and prove that as well."""
    return _copying(field).copy(Location.parse(where))


@step(name="copy late backup", task_run_name="copy late backup of {field}")
def copy_late_backup(field: str) -> Copied | None:
    """Write what came late to a file of its own, where the backup has a copy."""
    return _copying(field).copy_late()


def _copying(field: str) -> Copying:
    run = current()
    target = run.access.target(run.store, field)
    return Copying(run.store, target, run.run_id, run.access.backup_kek())
