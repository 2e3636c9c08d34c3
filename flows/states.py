"""The Prefect state that tells a run's outcome at a glance."""

from typing import Protocol

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from reseal.outcome import Outcome


class Ended(Protocol):
    """Something that came to an end, and can say to which."""

    @property
    def outcome(self) -> Outcome: ...

    @property
    def message(self) -> str: ...


def state_of(result: Ended) -> State[None]:
    """Return a state whose colour and message are those of the outcome."""
    message = result.message
    match result.outcome:
        case Outcome.DONE:
            return Completed(message=message)
        case Outcome.PARTIAL:
            return Completed(name="Partial", message=message)
        case Outcome.STOPPED:
            return Cancelled(name="Stopped", message=message)
        case Outcome.ROLLED_BACK:
            return Failed(name="RolledBack", message=message)
        case Outcome.REFUSED:
            return Failed(name="Refused", message=message)
        case Outcome.FAILED:
            return Failed(message=message)
