"""Clean the tables of the run's fields, all together: they share a log, and often a table."""

from datetime import UTC, datetime
from functools import partial

from reseal.clean.clean import clean
from reseal.clean.cleaning import Cleaning
from reseal.clean.work import Work
from tasks.run import current
from tasks.step import step


@step(name="clean")
def clean_tables(again: bool) -> Cleaning:
    """Take every step that is due and look after each; `again` for what was found gone before."""
    run = current()
    work = Work(
        run.store,
        [run.access.target(run.store, field.name) for field in run.fields],
        run.epochs,
        run.access.config.clean,
        run.effort.pace,
        run.hands,
    )
    now = partial(datetime.now, UTC)
    return clean(run.access, work, run.result.changed, now, again=again)
