"""Clean the tables of the run's fields, all together: they share a log, and often a table."""

from datetime import UTC, datetime
from functools import partial

from reseal.allocator import give_back_memory
from reseal.clean.clean import clean, look_up
from reseal.clean.cleaning import Cleaning
from reseal.clean.work import Work
from reseal.collector import passing_over_what_is_loaded
from tasks.run import connect, current
from tasks.step import step


@step(name="clean")
def clean_tables(again: bool) -> Cleaning:
    """Take every step that is due and look after each; `again` for what was found gone before."""
    run = current()
    targets = [run.access.target(run.store, field.name) for field in run.fields]
    policy = run.access.config.clean
    beside = partial(connect, run.access, run.run_id) if run.effort.workers > 1 else None
    work = Work(run.store, targets, run.epochs, policy, run.effort.pace, run.hands, beside)
    # Megabytes come and go by the thousand, in threads that have arenas of their own.
    give_back_memory()
    try:
        with passing_over_what_is_loaded():
            old = look_up(run.access, work, again=again)
            return clean(run.access, work, old, run.result.changed, partial(datetime.now, UTC))
    finally:
        give_back_memory()
