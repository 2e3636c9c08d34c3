"""Enter in a run's result which rows are set aside, and which of them were accepted."""

from reseal.store import quarantine
from tasks.quarantine import count_accepted
from tasks.run import Run


def enter_quarantine(run: Run, name: str) -> None:
    """Enter how many rows of a field the run met that nobody can handle, and the first of them."""
    result = run.field_result(name)
    result.quarantined, result.accepted = quarantine.counted(run.store, name, run.run_id)
    result.rows_set_aside = quarantine.listed(run.store, run.run_id, name)


def excuse_accepted(run: Run) -> None:
    """Enter what the accepted rows hold, which counts as nothing that the run left undone."""
    for field in run.fields:
        result = run.field_result(field.name)
        result.excused = count_accepted(field.name)
        if not run.records:
            # Nothing was met by a run that writes nothing.
            result.accepted = result.excused.rows
