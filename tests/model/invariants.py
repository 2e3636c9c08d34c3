"""What must be true after every step; each is told from one step."""

from collections.abc import Callable
from functools import cache

from tests.model.acts import Act, Step
from tests.model.world import NO_SECRET, NOBODY, NOTHING, Row, Shape, World

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
    if step.act not in (Act.REPORT_DONE, Act.REPORT_GUARDED):
        return True
    plain = [row for row in step.before.rows if row.value.shape is Shape.PLAIN]
    return not any(row.marks[step.run].is_before_pass for row in plain)


def a_superseded_run_writes_nothing(step: Step) -> bool:
    """A batch that is committed is one of the run whose epoch stands."""
    return step.act is not Act.COMMIT or step.before.owner == step.run


def after_a_rollback_no_envelope_of_its_run_is_left(step: Step) -> bool:
    """None that opens, but for what an application wrote back since, or a later run has met; and
    none that does not open, unless it was written since and once without the shield.
    """
    if step.act is not Act.REPORT_UNDONE:
        return True
    undone = step.before.runs[step.run].undoes
    rows = [row for row in step.before.rows if row.value.by == undone]
    return not any(_is_left(row, step.run, undone, step.before) for row in rows)


def _is_left(row: Row, number: int, undone: int, world: World) -> bool:
    if row.value.shape is Shape.BROKEN:
        return row.marks[undone].is_own or undone in world.shielded
    has_later = any(mark.kept for mark in row.marks[undone + 1 :])
    return row.marks[number].is_before_pass and not row.has_gone_back and not has_later


def a_backup_holds_what_its_run_has_overwritten(step: Step) -> bool:
    """From the very moment on, and as long as what the run wrote in its place stands there.

    Not where an application has written an envelope back: see the limit at the end.
    """
    return all(_has_its_original(row) or row.has_gone_back for row in step.after.rows)


@cache
def _has_its_original(row: Row) -> bool:
    by = row.value.by
    return by == NOBODY or row.marks[by].kept == row.value.secret


def no_save_puts_plaintext_in_the_place_of_its_envelope(step: Step) -> bool:
    """For what a run has sealed, while the shield stands that it has raised.

    The shield knows an original by its backup, so that the same limit is its own.
    """
    if step.act is not Act.SAVE or not step.before.is_shielded:
        return True
    pairs = [(a, b) for a, b in step.pairs if a.value.by in step.before.shielded]
    return not any(_reappears(before, after) for before, after in pairs)


def _reappears(before: Row, after: Row) -> bool:
    is_exposed = before.value.shape is Shape.SEALED and after.value.shape is Shape.PLAIN
    is_same = before.value.secret == after.value.secret
    return is_exposed and is_same and not before.has_gone_back


INVARIANTS: tuple[Invariant, ...] = (
    the_latest_secret_of_each_row_is_recoverable,
    a_run_that_is_done_left_no_plaintext_from_before_its_last_pass,
    a_superseded_run_writes_nothing,
    after_a_rollback_no_envelope_of_its_run_is_left,
    a_backup_holds_what_its_run_has_overwritten,
    no_save_puts_plaintext_in_the_place_of_its_envelope,
)


def a_backup_holds_the_original_of_every_envelope_of_its_run(step: Step) -> bool:
    """A limit, which is not kept: a backup has one original of a row, the one that it met last.

    An application that writes an envelope back over an enrolment which the run has met since brings
    back one whose original the backup has no more. It opens, and a rollback leaves it alone.
    """
    return all(_has_its_original(row) for row in step.after.rows)
