"""`reseal approve`: answer a run that waits, through the database or through Prefect."""

import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flows.opening import Opening
from flows.screen import say
from flows.server import prefect_server, prepare_home
from flows.waiting import address
from reseal.actor import account
from reseal.approval.answer import Answer, Decision, Way, named, reasoned
from reseal.approval.give import give
from reseal.errors import ConfigurationError, SettingsError
from reseal.settings import Settings
from reseal.store import approval, ledger


def answer_run(
    run: str, name: str, reason: str, *, is_yes: bool, config: Path | None
) -> dict[str, Any]:
    """Give a person's answer to a run that waits; return the document that says so.

    Raise ConfigurationError where the run does not wait, or has its answer already.
    """
    run_id, name, reason = ledger.parse_run_id(run), named(name), reasoned(reason)
    settings = Settings.from_environment(config)
    decision = Decision.APPROVED if is_yes else Decision.REJECTED
    answer = Answer(
        decision, datetime.now(UTC), name, reason, Way.COMMAND, account(),
        socket.gethostname(),
    )  # fmt: skip
    through = "database"
    if not _by_the_database(settings, run_id, answer):
        _by_prefect(settings, run_id, answer)
        through = "prefect"
    said = {"run_id": str(run_id), "decision": decision.value, "through": through}
    return said | {"name": name, "reason": reason}


def show_answer(document: dict[str, Any]) -> None:
    """Say what was answered."""
    said = f"Run {document['run_id']} is {document['decision']} by {document['name']}."
    say(f"{said} The name is what you said; the account is kept beside it.")


def _by_the_database(settings: Settings, run_id: UUID, answer: Answer) -> bool:
    opening = Opening.of(settings)
    with opening.connected("approve", read_only=False) as store:
        known = replace(answer, database_user=approval.session_user(store))
        return give(store, run_id, known, by_another=opening.config.approval_by_another)


def _by_prefect(settings: Settings, run_id: UUID, answer: Answer) -> None:
    """Fill in the run's form, where the database has no room for answers yet."""
    own, local = settings.variables.get("PREFECT_API_URL"), address(settings, run_id)
    url = own or local
    if url is None:
        raise ConfigurationError(
            f"no run {run_id} waits for an answer, as far as is known here; give it in the "
            "directory where the run was started, or set PREFECT_API_URL"
        )
    prepare_home(settings.state)
    try:
        with prefect_server(url):
            why_not = _filled_in(url, run_id, answer)
    except SettingsError:
        if own:
            raise
        raise ConfigurationError(
            f"run {run_id} does not wait any more: its process has ended; start the run again"
        ) from None
    if why_not:
        raise ConfigurationError(f"run {run_id} was not answered: {why_not}")


def _filled_in(url: str, run_id: UUID, answer: Answer) -> str | None:
    from flows.form import fill_in_from_afar

    return fill_in_from_afar(url, run_id, answer)
