"""Give a person's answer to a run that waits for one, through the database."""

from uuid import UUID

from reseal.approval.answer import Answer, Decision
from reseal.errors import ConfigurationError
from reseal.store import approval
from reseal.store.approval import Question
from reseal.store.session import is_connected
from reseal.store.store import Store

BY_ANOTHER = "by_another in [approval] of reseal.toml asks for another person"


def give(store: Store, run_id: UUID, answer: Answer, *, by_another: bool = False) -> bool:
    """Let an answer stand; return False where this database knows of no such question.

    `by_another` True means that nobody approves a run of her own. Raise ConfigurationError, and
    change nothing, where the run does not wait any more or an answer stands.
    """
    found = approval.find(store, run_id) if approval.exists(store) else None
    if found is None:
        return False
    question, standing = found
    if standing is None and not is_connected(store, run_id):
        raise ConfigurationError(
            f"run {run_id} does not wait any more: its process has ended; start the run again"
        )
    if standing is None and by_another and answer.is_yes and is_own(answer, question):
        raise ConfigurationError(f"{question.asked_by} started run {run_id}, and {BY_ANOTHER}")
    actor = answer.os_user or answer.name
    if standing is not None or not approval.decide(store, run_id, answer, actor):
        raise ConfigurationError(_already(store, run_id))
    return True


def is_own(answer: Answer, question: Question) -> bool:
    """Say whether an answer seems to come from the one who started the run."""
    same_account = (answer.os_user, answer.host) == (question.asked_os_user, question.asked_on)
    return same_account or answer.name.casefold() == question.asked_by.casefold()


def _already(store: Store, run_id: UUID) -> str:
    found = approval.find(store, run_id)
    standing = found[1] if found else None
    if standing is None:
        return f"run {run_id} cannot be answered"
    when = f"{standing.at:%Y-%m-%d %H:%M} UTC"
    match standing.decision:
        case Decision.TIMED_OUT:
            return f"run {run_id} does not wait any more: nobody answered until {when}"
        case Decision.WITHDRAWN:
            return f"run {run_id} does not wait any more: it was stopped at {when}"
        case decision:
            return f"run {run_id} was {decision} by {standing.name} at {when}, and that stands"
