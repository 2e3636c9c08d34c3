"""The stage `clean`: what is left of old secrets beside the rows, taken away and looked for."""

from reseal.audit.action import Action
from reseal.clean.cleaning import Cleaning
from tasks.clean import clean_tables
from tasks.run import Run


def clean(run: Run, *, again: bool = False) -> None:
    """Clean all tables of the run, and write down what was found, before and after each step.

    What an earlier run has found gone is looked for only `again`.
    """
    with run.stage("clean"):
        # What is looked for takes as much memory as a worker, and they have no more to do.
        run.working.close()
        names = [field.name for field in run.fields]
        run.watch("clean", ", ".join(names), 0, 1)
        done = clean_tables(again)
        run.watch("clean", ", ".join(names), 1, 1)
        said = done.as_dict()
        for name in names:
            run.evidence.write(f"clean-{name}", said)
            if done.is_news:
                _note(run, name, done)
            run.field_result(name).residue = done.found


def _note(run: Run, name: str, done: Cleaning) -> None:
    run.note(
        Action.CLEANED,
        field=name,
        clean=done.is_clean,
        found=done.found,
        not_verified=done.not_verified,
        elsewhere=[one.as_dict() for one in done.elsewhere],
        looked_for=[str(run_id) for run_id in done.looked_for.get(name, ())],
    )
