"""What must be true after every step; each is told from one step."""

from collections.abc import Callable
from functools import cache

from tests.model.acts import Act, Step
from tests.model.world import NO_SECRET, NOTHING, Row, Shape, Value

Invariant = Callable[[Step], bool]


def words(invariant: Invariant) -> str:
    """Return what an invariant says."""
    return invariant.__name__.replace("_", " ")


def the_latest_secret_of_each_row_is_recoverable(step: Step) -> bool:
    """It stands in the column, in plaintext or sealed; or a backup has it, if its seal is broken.

    What was disabled stays so.
    """
    return all(_is_recoverable(row) for row in step.after.rows)


@cache
def _is_recoverable(row: Row) -> bool:
    if row.latest == NO_SECRET:
        return row.value == NOTHING
    is_kept = any(mark.kept == row.latest for mark in row.marks)
    return row.value.secret == row.latest and (row.value.shape is not Shape.BROKEN or is_kept)


def a_run_that_is_done_left_no_plaintext_from_before_its_last_pass(step: Step) -> bool:
    """What was enrolled in plaintext since that pass began is the next run's."""
    if step.act is not Act.REPORT_DONE:
        return True
    plain = [row for row in step.before.rows if row.value.shape is Shape.PLAIN]
    return not any(row.marks[step.run].is_before_pass for row in plain)


def a_superseded_run_writes_nothing(step: Step) -> bool:
    """A batch that is committed is one of the run whose epoch stands."""
    return step.act is not Act.COMMIT or step.before.owner == step.run


def after_a_rollback_every_row_that_it_has_an_original_of_is_readable(step: Step) -> bool:
    """And nothing stands there that the run wrote, but for what an application wrote back since."""
    if step.act is not Act.REPORT_UNDONE:
        return True
    undone = step.before.runs[step.run].undoes
    return not any(
        row.value.shape is Shape.BROKEN
        or (row.value == Value(Shape.SEALED, kept) and row.marks[step.run].is_before_pass)
        for row in step.before.rows
        if (kept := row.marks[undone].kept)
    )


def a_backup_holds_what_its_run_has_overwritten(step: Step) -> bool:
    """From the very moment on, and as long as what the run wrote in its place stands there.

    Not where an application has gone back behind an enrolment: see the limit at the end.
    """
    return all(_has_its_original(row) or row.has_gone_back for row in step.after.rows)


@cache
def _has_its_original(row: Row) -> bool:
    if row.value.shape not in (Shape.SEALED, Shape.BROKEN):
        return True
    return all(
        mark.kept == mark.overwrote for mark in row.marks if mark.overwrote == row.value.secret
    )


def no_save_puts_plaintext_in_the_place_of_its_envelope(step: Step) -> bool:
    """While the shield should stand, and for what a run has sealed.

    The shield knows an original by its backup, so that the same limit is its own.
    """
    if step.act is not Act.SAVE or not step.before.is_shielded:
        return True
    return not any(_reappears(before, after) for before, after in step.pairs)


def _reappears(before: Row, after: Row) -> bool:
    is_exposed = before.value.shape is Shape.SEALED and after.value.shape is Shape.PLAIN
    is_ours = any(mark.overwrote == after.value.secret for mark in after.marks)
    is_same = before.value.secret == after.value.secret
    return is_exposed and is_ours and is_same and not before.has_gone_back


INVARIANTS: tuple[Invariant, ...] = (
    the_latest_secret_of_each_row_is_recoverable,
    a_run_that_is_done_left_no_plaintext_from_before_its_last_pass,
    a_superseded_run_writes_nothing,
    after_a_rollback_every_row_that_it_has_an_original_of_is_readable,
    a_backup_holds_what_its_run_has_overwritten,
    no_save_puts_plaintext_in_the_place_of_its_envelope,
)


def a_backup_holds_the_original_of_every_envelope_of_its_run(step: Step) -> bool:
    """A limit, which is not kept: a backup has one original of a row, the one that it met last.

    An application that writes an envelope back over an enrolment which the run has met since brings
    back one whose original the backup has no more. It opens, and a rollback leaves it alone.
    """
    return all(_has_its_original(row) for row in step.after.rows)
