"""What a run asks a person: the plan, the question in the database, the answer that stands."""

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

from reseal.actor import account
from reseal.approval import plan as planning
from reseal.approval.answer import Answer
from reseal.approval.plan import Asking, Intent, Plan
from reseal.preflight import Report
from reseal.store import approval, event
from reseal.store.approval import Question
from reseal.store.event import Event
from tasks.run import Run, current
from tasks.step import step


@step(name="plan")
def draw_up(report: Report, intent: Intent, seconds: int) -> Plan:
    """Make the plan that somebody has so many seconds to answer; nothing is written."""
    run, now = current(), datetime.now(UTC)
    until = now + timedelta(seconds=seconds)
    asking_account = account(), socket.gethostname()
    asking = Asking(run.run_id, run.actor, *asking_account, now, until)
    names = [field.name for field in run.fields]
    return planning.draw_up(run.store, report, names, intent, asking)


def question(plan: Plan) -> Question:
    """Return the question as the database keeps it."""
    asking = plan.asking
    return Question(
        asking.run_id,
        asking.asked,
        asking.by,
        asking.os_user,
        asking.host,
        asking.until,
        plan.as_dict(),
    )


def write_down(run: Run, plan: Plan) -> None:
    """Ask in the database, where Reseal has its place there already."""
    if approval.exists(run.store):
        approval.ask(run.store, question(plan))


def find(run: Run) -> Answer | None:
    """Return the answer that stands in the database, if any."""
    # Also asked where there is no such table: a connection that is used is not cut off.
    found = approval.find(run.store, run.run_id) if approval.exists(run.store) else None
    return found[1] if found else None


def settle(run: Run, answer: Answer) -> Answer:
    """Let an answer stand in the database unless there is one; return the one that stands."""
    if not approval.exists(run.store) or approval.decide(run.store, run.run_id, answer, run.actor):
        return answer
    return find(run) or answer


def overrule(run: Run, answer: Answer) -> None:
    """Tell the audit log of a no that came beside the answer that stands."""
    if approval.exists(run.store):
        event.append(run.store, Event(run.run_id, run.actor, answer.decision.event, answer.said))


def enter(run: Run, plan: Plan, answer: Answer) -> None:
    """Write down what was asked and answered before there was a place for it."""
    if approval.find(run.store, run.run_id) is None:
        approval.ask(run.store, question(plan))
        approval.decide(run.store, run.run_id, answer, run.actor)


def facts(plan: Plan, answer: Answer) -> dict[str, Any]:
    """Return what the evidence says of the approval: who, when, and what they saw."""
    saw = plan.as_dict()
    asked = {word: saw[word] for word in ("asked_by", "asked_os_user", "asked_on")}
    return {"decision": answer.decision.value, **answer.said, **asked, "saw": saw}
