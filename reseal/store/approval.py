"""The questions that runs ask before their first write, and the one answer to each that stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from reseal.approval.answer import Answer, Decision, Way
from reseal.audit.action import Action
from reseal.store import event, schema
from reseal.store.event import Event
from reseal.store.store import Store

ASK = """
INSERT INTO {reseal}.approval (run_id, asked, asked_by, asked_os_user, asked_on, until, plan)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""

FIND = """
SELECT asked, asked_by, asked_os_user, asked_on, until, plan,
       decision, decided, name, reason, way, os_user, host, database_user
FROM {reseal}.approval WHERE run_id = %s
"""

# Of two answers at once the second waits for the first, and then finds none missing.
DECIDE = """
UPDATE {reseal}.approval SET decision = %(decision)s, decided = %(at)s, name = %(name)s,
    reason = %(reason)s, way = %(way)s, os_user = %(os_user)s, host = %(host)s,
    database_user = %(database_user)s
WHERE run_id = %(run_id)s AND decision IS NULL
"""

WAITING = """
SELECT run_id, asked_by, asked, until FROM {reseal}.approval
WHERE decision IS NULL AND EXISTS (
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'reseal run ' || run_id)
ORDER BY asked
"""

SESSION_USER = "SELECT session_user::text"


@dataclass(frozen=True, slots=True)
class Question:
    """What a run asked: by whom, on which account and host, until when, and with which plan."""

    run_id: UUID
    asked: datetime
    asked_by: str
    asked_os_user: str
    asked_on: str
    until: datetime
    plan: dict[str, Any]


def exists(store: Store) -> bool:
    """Say whether questions can be asked in this database without making anything for it."""
    return schema.has_table(store, "approval")


def ask(store: Store, question: Question) -> None:
    """Write a question down and tell the audit log."""
    account = [question.asked_os_user, question.asked_on]
    values = [question.run_id, question.asked, question.asked_by, *account]
    times = {"asked": question.asked.isoformat(), "until": question.until.isoformat()}
    detail = {**times, "host": question.asked_on}
    with store.transaction():
        store.execute(ASK, [*values, question.until, Jsonb(question.plan)])
        event.append(
            store, Event(question.run_id, question.asked_by, Action.APPROVAL_ASKED, detail)
        )


def find(store: Store, run_id: UUID) -> tuple[Question, Answer | None] | None:
    """Return what a run asked and the answer, if there is one; None where it asked nothing."""
    row = store.one(FIND, [run_id])
    if row is None:
        return None
    question = Question(run_id, *row[:6])
    return question, _answer(*row[6:]) if row[6] else None


def decide(store: Store, run_id: UUID, answer: Answer, actor: str) -> bool:
    """Let an answer stand and tell the audit log, or return False where one stands already."""
    values = {
        "run_id": run_id,
        "decision": answer.decision.value,
        "at": answer.at,
        "name": answer.name,
        "reason": answer.reason,
        "way": answer.way and answer.way.value,
        "os_user": answer.os_user,
        "host": answer.host,
        "database_user": answer.database_user,
    }
    with store.transaction():
        is_first = store.execute(DECIDE, values).rowcount == 1
        if is_first:
            event.append(store, Event(run_id, actor, answer.decision.event, answer.said))
    return is_first


def waiting(store: Store) -> list[dict[str, Any]]:
    """Return the runs that wait for an answer now, the oldest question first."""
    names = ("run_id", "asked_by", "asked", "until")
    return [dict(zip(names, row, strict=True)) for row in store.execute(WAITING)]


def session_user(store: Store) -> str:
    """Return the role that this connection logged in as."""
    return str(store.need(SESSION_USER)[0])


def _answer(
    decision: str, decided: datetime, name: str, reason: str, way: str | None, *known: str | None
) -> Answer:
    given = Way(way) if way else None
    return Answer(Decision(decision), decided, name, reason, given, *known)
