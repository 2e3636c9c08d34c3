"""Wait for a person before the first write, where that was asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import TypeVar

from httpx import HTTPError

from flows.form import Cancelled, Form
from flows.options import SweepOptions
from flows.screen import say
from flows.waiting import reachable
from reseal.approval.answer import Answer, Decision
from reseal.approval.give import BY_ANOTHER, is_own
from reseal.approval.plan import Intent, Plan
from reseal.approval.words import in_words
from reseal.errors import Refused, Stopped, StoreError
from reseal.preflight import Report
from tasks import approval, artifacts
from tasks.run import Run

Options = TypeVar("Options", bound=SweepOptions)

_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Approved:
    """What somebody saw, and her yes."""

    plan: Plan
    answer: Answer


def approve(
    run: Run, options: Options, report: Report, intent: Callable[[Run, Options], Intent]
) -> Approved | None:
    """Wait until somebody lets the run go on, where that was asked for.

    Raise Refused where nobody does, and Stopped; nothing was written then.
    """
    if not options.require_approval:
        return None
    with run.stage("approval"):
        plan = approval.draw_up(report, intent(run, options), options.approval_seconds)
        answer = _ask(run, plan, options.approval_seconds)
    _need_yes(run, plan, answer)
    return Approved(plan, answer)


def enter(run: Run, approved: Approved | None) -> None:
    """Have the approval in the database also where there was no place for it before."""
    if approved is not None:
        approval.enter(run, approved.plan, approved.answer)


def _ask(run: Run, plan: Plan, seconds: int) -> Answer:
    words = in_words(plan)
    run.evidence.write("approval-plan", plan.as_dict())
    artifacts.publish_plan(words)
    with _asked(run, plan):
        answer = _answered(run, words, seconds)
    _record(run, plan, answer)
    return answer


def _record(run: Run, plan: Plan, answer: Answer) -> None:
    run.evidence.write("approval", approval.facts(plan, answer))


@contextmanager
def _asked(run: Run, plan: Plan) -> Iterator[None]:
    """Have the question stand in the database for the block; what is not answered is withdrawn."""
    approval.write_down(run, plan)
    try:
        yield
    except (Stopped, KeyboardInterrupt) as error:
        gone = Answer(Decision.WITHDRAWN, datetime.now(UTC))
        _record(run, plan, gone)
        # What cannot be written down now, the evidence has.
        with suppress(StoreError):
            approval.settle(run, gone)
        how = f" ({error})" if isinstance(error, Cancelled) else ""
        raise Stopped(f"stopped while it waited for approval{how}; nothing was written") from None


def _answered(run: Run, words: str, seconds: int) -> Answer:
    form = Form(run.run_id)
    form.show(words, seconds)
    with reachable(run.settings, run.run_id) as address:
        say(f"\n{words}\n\n{_how(run, address)}")
        found = _wait(run, form, seconds) or Answer(Decision.TIMED_OUT, datetime.now(UTC))
    return _agreed(run, form, found)


def _agreed(run: Run, form: Form, found: Answer) -> Answer:
    """Have one answer in the database and in Prefect; of two at the same moment a no counts."""
    standing = _settled(run, found)
    if not standing.of_a_person:
        return standing
    answers = (standing, found, form.fill_in(standing))
    noes = [answer for answer in answers if answer.of_a_person and not answer.is_yes]
    if noes and standing.is_yes:
        approval.overrule(run, noes[0])
    return noes[0] if noes else standing


def _settled(run: Run, found: Answer) -> Answer:
    try:
        return approval.settle(run, found)
    except StoreError:
        # The connection may have been lost since the last look.
        run.reconnect()
        return approval.settle(run, found)


def _wait(run: Run, form: Form, seconds: int) -> Answer | None:
    """Look in both places until there is an answer or the time is over."""
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        answer = _in_the_form(form) or _in_the_database(run)
        if answer is not None:
            return answer
        run.rest(min(_POLL_SECONDS, max(deadline - monotonic(), 0)))
    return None


def _in_the_form(form: Form) -> Answer | None:
    # An API that is down for a while is looked at again.
    with suppress(HTTPError):
        return form.look()
    return None


def _in_the_database(run: Run) -> Answer | None:
    try:
        return approval.find(run)
    except StoreError:
        # A night is long, and a connection may be lost in it.
        with suppress(StoreError):
            run.reconnect()
        return None


def _need_yes(run: Run, plan: Plan, answer: Answer) -> None:
    reason = f": {answer.reason}" if answer.reason else ""
    match answer.decision:
        case Decision.APPROVED if run.access.config.approval_by_another and is_own(
            answer, approval.question(plan)
        ):
            raise Refused(f"approved by {answer.name}, who started it, and {BY_ANOTHER}")
        case Decision.APPROVED:
            return
        case Decision.REJECTED:
            raise Refused(f"rejected by {answer.name}{reason}; nothing was written")
        case _:
            raise Refused(
                f"nobody approved it until {answer.at:%Y-%m-%d %H:%M} UTC; nothing was written"
            )


def _how(run: Run, address: str | None) -> str:
    here = f" at {address}" if address else ""
    return (
        f"Waiting for a person: `reseal approve {run.run_id} --as NAME [--reject] "
        f"[--reason TEXT]`, or the form of this run in the Prefect UI{here}."
    )
