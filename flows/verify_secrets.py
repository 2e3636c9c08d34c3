"""Open every envelope of every field and say what is true; nothing is written."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.options import VerifyOptions
from flows.running import conclude, running
from flows.states import state_of
from flows.validation import judge
from reseal.modes import Mode
from reseal.outcome import Outcome
from tasks.run import Run
from tasks.table import count_rows


@flow(name="verify_secrets", flow_run_name="verify", persist_result=False)
def verify_secrets(options: VerifyOptions | None = None) -> State[None]:
    """Verify all fields at any time, by the keys alone."""
    with running("verify_secrets", options or VerifyOptions(), Mode.VALIDATE_ONLY) as run:
        for field in run.fields:
            census = count_rows(field.name)
            run.field_result(field.name).before = run.field_result(field.name).after = census
        with run.stage("validate"):
            broken = judge(run, with_backup=False)
        _conclude(run, broken)
    return state_of(run.result)


def _conclude(run: Run, broken: str | None) -> None:
    parts = [part.after for part in run.result.fields.values() if part.after]
    sealed, unsealed = sum(p.all_sealed for p in parts), sum(p.unsettled for p in parts)
    text = f"{sealed} envelopes open, {unsealed} values are not sealed"
    if broken:
        conclude(run, Outcome.FAILED, broken)
    else:
        conclude(run, Outcome.PARTIAL if unsealed else Outcome.DONE, text)
