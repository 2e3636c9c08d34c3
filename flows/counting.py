"""Count the rows of every field of a run, and keep what they hold in its result."""

from tasks.run import Run
from tasks.table import count_rows


def count_before(run: Run) -> None:
    """Count what the fields hold before the run has written anything."""
    for field in run.fields:
        run.field_result(field.name).before = count_rows(field.name)


def count_after(run: Run) -> None:
    """Count what the fields hold now, after what the run has written."""
    for field in run.fields:
        run.field_result(field.name).after = count_rows(field.name)


def count_once(run: Run) -> None:
    """Count what the fields hold before and after a run that changes none of it."""
    count_before(run)
    for result in run.result.fields.values():
        result.after = result.before
