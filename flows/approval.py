"""Wait for a person before the first write, where that was asked for."""

from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput

from flows.options import EncryptOptions
from reseal.errors import Refused
from tasks.run import Run

_WAIT_SECONDS = 24 * 3600


class Approval(RunInput):
    """The form that the Prefect UI shows; the name is what the person says of herself."""

    approve: bool = False
    approver: str = ""
    reason: str = ""


def approve(run: Run, options: EncryptOptions) -> None:
    """Pause until someone decides; raise Refused where the answer is no."""
    if not options.require_approval:
        return
    form = Approval.with_initial_data(
        description="**Encrypt these secrets?** The preflight table is among the artifacts."
    )
    answer = pause_flow_run(wait_for_input=form, timeout=_WAIT_SECONDS, poll_interval=2)
    run.evidence.write("approval", answer.model_dump())
    if not answer.approve:
        raise Refused(f"not approved by {answer.approver or 'someone'}: {answer.reason}")
