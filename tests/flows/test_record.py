"""The end of a run is recorded, or the run has failed."""

from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from flows.ending import close_ledger, conclude
from reseal.access import Access
from reseal.outcome import Outcome
from reseal.store import ledger
from reseal.store.store import Store
from tasks.run import Run
from tests.bundles import recording
from tests.runs import run_of

OUTCOME = "SELECT outcome FROM reseal.run"
CUT = "SELECT pg_terminate_backend(%s, 5000)"


@dataclass
class Idle:
    """Workers that are never asked."""

    is_stopped = False


@pytest.fixture
def run(access: Access, store: Store, tmp_path: Path) -> Run:
    """A run that keeps records and is about to end well."""
    kept = recording(tmp_path)
    made = run_of("encrypt_secrets", access, store, tmp_path, workers=Idle(), recording=kept)
    names = tuple(field.name for field in made.fields)
    record = ledger.RunRecord(made.run_id, "encrypt_secrets", "safe", names, None)
    ledger.start(store, record, "test")
    conclude(made, Outcome.DONE, "all sealed")
    return made


def test_the_outcome_stands_in_the_ledger(run: Run, admin: psycopg.Connection):
    close_ledger(run)

    assert admin.execute(OUTCOME).fetchall() == [("done",)]


def test_a_run_whose_end_cannot_be_recorded_has_failed(run: Run, admin: psycopg.Connection):
    admin.execute(CUT, [run.store.connection.info.backend_pid])

    close_ledger(run)

    assert run.result.outcome is Outcome.FAILED
    assert "all sealed" in run.result.message
    assert "was not recorded" in run.result.message
    assert admin.execute(OUTCOME).fetchall() == [(None,)]
