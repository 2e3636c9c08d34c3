"""A new data key for every secret of the fields, from the first look to the last record."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows import emergency, rotation, stages
from flows.approval import approve, enter
from flows.ending import conclude
from flows.hooks import HOOKS
from flows.intent import to_rotate
from flows.names import named
from flows.options import RotateOptions
from flows.running import holding, running
from flows.states import state_of
from flows.validation import need_claims_to_reseal
from reseal.modes import Mode
from reseal.outcome import Outcome
from tasks.keys import find_unfinished, need_key
from tasks.run import Run


@flow(name="rotate_keys", flow_run_name=named("rotate"), persist_result=False, **HOOKS)
def rotate_keys(options: RotateOptions = RotateOptions()) -> State[None]:
    """Put every secret of the chosen fields under a new key while the application runs."""
    with running("rotate_keys", options, options.mode) as run:
        need_key()
        report = stages.preflight(run, options, rotates=True)
        if options.mode is Mode.VALIDATE_ONLY:
            conclude(run, Outcome.DONE, "preflight passed; nothing was written")
        else:
            approved = approve(run, options, report, to_rotate)
            if approved:
                # Hours may have passed.
                stages.preflight(run, options, rotates=True)
            with holding(run, keys=True):
                enter(run, approved)
                _rotate(run, options)
    return state_of(run.result)


def _rotate(run: Run, options: RotateOptions) -> None:
    rotation.count(run)
    if options.compromised is not None:
        emergency.carry_out(run, options.compromised)
        return
    change = find_unfinished() or rotation.change_key(run, assumed=options.assume_readers_ready)
    rotation.make_ready(run)
    need_claims_to_reseal(run, change.active)
    rotation.carry_out(run, change)
