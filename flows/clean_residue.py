"""Look for what is left of old secrets and clean it, at any time after an encryption."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.cleaning import clean
from flows.counting import count_once
from flows.ending import conclude
from flows.hooks import HOOKS
from flows.names import named
from flows.options import CleanOptions
from flows.running import holding, running
from flows.states import state_of
from reseal.outcome import Outcome
from tasks.run import Run


@flow(name="clean_residue", flow_run_name=named("clean"), persist_result=False, **HOOKS)
def clean_residue(options: CleanOptions = CleanOptions()) -> State[None]:
    """Clean the tables of the chosen fields, and say what is still found."""
    with running("clean_residue", options, options.mode) as run:
        count_once(run)
        with holding(run):
            clean(run, again=True)
        _conclude(run)
    return state_of(run.result)


def _conclude(run: Run) -> None:
    if any(part.residue is None for part in run.result.fields.values()):
        said = "whether old secrets are left is not verified; the evidence says why"
        conclude(run, Outcome.PARTIAL, said)
        return
    left = run.result.residue
    said = f"old secrets are left in {left} places on disk" if left else "no old secret is left"
    conclude(run, Outcome.PARTIAL if left else Outcome.DONE, said)
