"""What stands in the rows that were accepted as they are."""

from reseal.census import Census
from reseal.quarantine.standing import accepted_census
from tasks.run import current
from tasks.step import step


@step(name="accepted rows", task_run_name="accepted rows of {field}")
def count_accepted(field: str) -> Census:
    """Count what accepted rows hold, of those that the run met where it keeps records."""
    run = current()
    met_by = run.run_id if run.records else None
    return accepted_census(run.store, run.access.target(run.store, field), met_by)
