"""Open every envelope of every field and say what is true; nothing is written."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.counting import count_once
from flows.ending import conclude, with_claims
from flows.hooks import HOOKS
from flows.names import named
from flows.options import VerifyOptions
from flows.reminding import remind
from flows.running import running
from flows.setting_aside import excuse_accepted
from flows.states import state_of
from flows.validation import judge
from reseal.modes import Mode
from reseal.outcome import Outcome
from tasks.claims import warm_up
from tasks.run import Run


@flow(name="verify_secrets", flow_run_name=named("verify"), persist_result=False, **HOOKS)
def verify_secrets(options: VerifyOptions = VerifyOptions()) -> State[None]:
    """Verify all fields at any time, by the keys alone."""
    with running("verify_secrets", options, Mode.VALIDATE_ONLY) as run:
        warm_up()
        count_once(run)
        with run.stage("validate"):
            broken = judge(run)
        excuse_accepted(run)
        remind(run)
        _conclude(run, broken)
    return state_of(run.result)


def _conclude(run: Run, broken: str | None) -> None:
    results = run.result.fields.values()
    sealed = sum(part.after.all_sealed for part in results if part.after)
    unsealed = sum(part.after.unsettled for part in results if part.after)
    sealed -= sum(part.excused.all_sealed for part in results)
    unsealed -= sum(part.excused.unsettled for part in results)
    text = f"{max(0, sealed)} envelopes open, {max(0, unsealed)} values are not sealed"
    if run.result.accepted:
        text += f", {run.result.accepted} rows were accepted as they are"
    if broken:
        conclude(run, Outcome.FAILED, broken)
        return
    is_partial = unsealed > 0 or run.result.failed_claims
    conclude(run, Outcome.PARTIAL if is_partial else Outcome.DONE, with_claims(run, text))
