"""Measure what the tables are asked at login, and keep an index where it measurably helps."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows import stages
from flows.ending import conclude
from flows.hooks import HOOKS
from flows.names import named
from flows.needs import need_login_columns
from flows.options import OptimiseOptions
from flows.running import holding, running
from flows.states import state_of
from reseal.modes import Mode
from reseal.optimise.found import need_queries
from reseal.outcome import Outcome
from reseal.report.words import counted
from tasks.run import Run


@flow(name="optimise_schema", flow_run_name=named("optimise"), persist_result=False, **HOOKS)
def optimise_schema(options: OptimiseOptions = OptimiseOptions()) -> State[None]:
    """Optimise the tables of the chosen fields while the application runs; no row is touched."""
    mode = Mode.VALIDATE_ONLY if options.dry_run else Mode.STANDARD
    with running("optimise_schema", options, mode) as run:
        need_queries(run.access.config.fields, run.access.config.optimise.queries)
        need_login_columns(run.access, run.store, run.fields)
        if options.dry_run:
            stages.optimise(run, dry_run=True)
        else:
            with holding(run):
                stages.optimise(run)
        _conclude(run, dry_run=options.dry_run)
    return state_of(run.result)


def _conclude(run: Run, *, dry_run: bool) -> None:
    done = [part.optimised for part in run.result.fields.values() if part.optimised]
    trials = [trial for one in done for trial in one.trials]
    failed = [why for one in done for why in one.failed]
    if failed:
        conclude(run, Outcome.FAILED, f"an index could not be tried: {'; '.join(failed)}")
        return
    asked = counted(len(trials), "login query", "login queries")
    tried = counted(len({trial.index for trial in trials if trial.index}), "index", "indexes")
    kept = sum(len(one.built) for one in done)
    told = f"{tried} to try; nothing was built" if dry_run else f"{tried}, {kept} kept"
    conclude(run, Outcome.DONE, f"{asked}; {told}")
