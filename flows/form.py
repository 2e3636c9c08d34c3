"""The form by which a paused run asks in the Prefect UI, and through Prefect's API."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.input import RunInput, keyset_from_paused_state, read_flow_run_input
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Paused
from pydantic import Field, ValidationError

from reseal.approval.answer import MOST_NAME, MOST_REASON, Answer, Decision, Way, named, reasoned
from reseal.errors import ConfigurationError, ResealError, Stopped

# Prefect fails a run whose pause is over; the run itself ends the waiting before that.
_LATER_SECONDS = 3600
# Where the command says from which account it answers, which the form has no field for.
FROM = "approval-from"

WITHOUT_ANSWER = "the run was resumed in Prefect without an answer"


class Cancelled(Stopped):
    """Somebody ended the run in Prefect."""


class Approval(RunInput):
    """Whether the run may write, and who says so."""

    approve: bool = Field(
        default=False,
        title="Approve",
        description="Off means no: the run ends, and nothing was written.",
    )
    approver: str = Field(
        title="Your name",
        min_length=1,
        max_length=MOST_NAME,
        pattern=r"\S",
        description="Kept in the evidence; nobody checks it.",
    )
    reason: str = Field(default="", title="Reason", max_length=MOST_REASON)


class Form:
    """Pause a run with a form, look whether it was filled in, and fill it in for someone."""

    def __init__(self, run_id: UUID) -> None:
        self._run_id = run_id
        self._keys: Any = None

    def show(self, description: str, seconds: int) -> None:
        """Pause the run; raise ResealError where Prefect does not let it."""
        state: State[Any] = Paused(timeout_seconds=seconds + _LATER_SECONDS, pause_key="approval")
        self._keys = keyset_from_paused_state(state)
        state.state_details.run_input_keyset = self._keys
        form = Approval.with_initial_data(description=description)
        # First the form, so that there is one as soon as the run is seen to be paused.
        form.save(self._keys, flow_run_id=self._run_id)
        with get_client(sync_client=True) as client:
            answered = client.set_flow_run_state(self._run_id, state)
        if answered.status is not SetStateStatus.ACCEPT:
            raise ResealError(f"Prefect did not pause the run: {answered.details}")

    def look(self) -> Answer | None:
        """Return the answer, if there is one; raise Stopped where the run was cancelled there."""
        try:
            with get_client(sync_client=True) as client:
                state = client.read_flow_run(self._run_id).state
        except ObjectNotFound:
            raise Cancelled("deleted in Prefect") from None
        if state is None or state.is_paused():
            return None
        if not state.is_running():
            raise Cancelled(f"{state.name or state.type}".lower() + " in Prefect")
        return self._filled_in()

    def fill_in(self, answer: Answer) -> Answer:
        """Let the run go on in Prefect with an answer given elsewhere; return what Prefect has.

        That is another one where somebody filled the form in at the same moment.
        """
        # What was decided elsewhere does not wait for Prefect.
        with suppress(Exception), get_client(sync_client=True) as client:
            resumed = client.resume_flow_run(self._run_id, run_input=_given(answer))
            if resumed.status is not SetStateStatus.ACCEPT:
                return self.look() or answer
        return answer

    def _filled_in(self) -> Answer:
        at = datetime.now(UTC)
        try:
            found = read_flow_run_input(self._keys["response"], flow_run_id=self._run_id)
            form = Approval.model_validate(found)
            name = named(form.approver)
        except (ValidationError, ConfigurationError):
            return Answer(Decision.REJECTED, at, "nobody", WITHOUT_ANSWER, Way.PREFECT)
        decision = Decision.APPROVED if form.approve else Decision.REJECTED
        return Answer(decision, at, name, reasoned(form.reason), **self._typed_by(name))

    def _typed_by(self, name: str) -> dict[str, Any]:
        """Return what `reseal approve` has left beside the form, if it filled it in."""
        found = read_flow_run_input(FROM, flow_run_id=self._run_id)
        if not isinstance(found, dict) or found.get("name") != name:
            return {"way": Way.PREFECT}
        return {"way": Way.COMMAND, "os_user": found.get("os_user"), "host": found.get("host")}


def fill_in_from_afar(url: str, run_id: UUID, answer: Answer) -> str | None:
    """Fill in the form of a run that waits; return None, or why that was not accepted."""
    account = {"name": answer.name, "os_user": answer.os_user, "host": answer.host}
    try:
        with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
            state = client.read_flow_run(run_id).state
            if state is None or not state.is_paused():
                return "it is not waiting"
            # Of an earlier answer that was not accepted there may be one already.
            with suppress(PrefectHTTPStatusError):
                client.create_flow_run_input(run_id, key=FROM, value=json.dumps(account))
            resumed = client.resume_flow_run(run_id, run_input=_given(answer))
    except ObjectNotFound:
        return "Prefect knows of no such run"
    if resumed.status is SetStateStatus.ACCEPT:
        return None
    return getattr(resumed.details, "reason", None) or "Prefect did not accept it"


def _given(answer: Answer) -> dict[str, Any]:
    return {"approve": answer.is_yes, "approver": answer.name, "reason": answer.reason}
