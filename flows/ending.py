"""Say how a run ended, and write the record of it whatever happens."""

import logging

from reseal import register
from reseal.errors import (
    EvidenceNotWritten,
    FieldBusy,
    KekUnreachable,
    Refused,
    ResealError,
    ShelfUnreachable,
    Stopped,
    StoreError,
)
from reseal.outcome import Outcome
from reseal.unexpected import scrubbed
from tasks import artifacts, links
from tasks.run import Run
from tasks.scores import write_scores
from tasks.storage import measure_storage

_log = logging.getLogger("reseal.run")

_OUTCOMES: list[tuple[type[ResealError], Outcome]] = [
    (Refused, Outcome.REFUSED),
    (FieldBusy, Outcome.REFUSED),
    (Stopped, Outcome.STOPPED),
    (ResealError, Outcome.FAILED),
]

# What keeps a bundle, or signs it, and does not answer now, or has no room.
_LATER = (ShelfUnreachable, KekUnreachable, EvidenceNotWritten)


def conclude(run: Run, outcome: Outcome, message: str) -> None:
    """Say how the run ended."""
    run.result.outcome, run.result.message = outcome, message


def with_claims(run: Run, said: str) -> str:
    """Return what is said of a run, and then each claim that does not hold."""
    return "; not true: ".join([said, *run.result.failed_claims])


def conclude_by(run: Run, error: ResealError) -> None:
    """Say that an error ended the run."""
    outcome = next(outcome for kind, outcome in _OUTCOMES if isinstance(error, kind))
    conclude(run, outcome, str(error))


def close_ledger(run: Run) -> None:
    """Record in the database how the run ended; a run whose end is not recorded has failed.

    The evidence is written in any case, so a lost connection must not get in its way.
    """
    if not run.records or run.store.connection.closed:
        return
    try:
        said = run.result.outcome.value, run.result.message
        register.end(run.store, run.run_id, run.actor, *said)
    except StoreError as error:
        conclude(run, Outcome.FAILED, f"{run.result.message}; its end was not recorded: {error}")


def write_record(run: Run) -> None:
    """Write down how the run ended: in the ledger, the evidence and Prefect."""
    _log.info("run ends as %s: %s", run.result.outcome.value, run.result.message)
    _measure(run)
    close_ledger(run)
    _close_bundle(run)
    artifacts.publish_summary(run.result, links.place(run), links.pages(run))


def _measure(run: Run) -> None:
    try:
        measure_storage(run, "after")
        write_scores(run)
    except EvidenceNotWritten as error:
        conclude(run, Outcome.FAILED, f"{run.result.message}; its evidence is not whole: {error}")


def _close_bundle(run: Run) -> None:
    try:
        run.evidence.write("pacing", run.pacing())
        run.evidence.write("run", run.result.as_dict())
        closed = run.recording.end(run.evidence, run.store, notes=run.records)
    except Exception as error:
        is_kept = isinstance(error, _LATER) and run.evidence.directory.exists()
        later = "; the next run here closes it" if is_kept else ""
        said = f"{run.result.message}; its evidence is not closed: {scrubbed(error)}{later}"
        conclude(run, Outcome.FAILED, said)
        return
    run.result.evidence_head = closed.head.last.sha256
    if closed.page is not None:
        artifacts.publish_page(closed.page, links.place(run))
