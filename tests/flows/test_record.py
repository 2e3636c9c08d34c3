"""The end of a run is recorded, or the run has failed."""

import getpass
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from flows.ending import close_ledger, conclude
from reseal.access import Access
from reseal.config import Config
from reseal.evidence.directory import Evidence
from reseal.modes import Mode, effort
from reseal.outcome import Outcome
from reseal.result import RunResult
from reseal.settings import Settings
from reseal.store import ledger
from reseal.store.store import Store
from tasks.run import Run
from tests.bundles import recording

OUTCOME = "SELECT outcome FROM reseal.run"
CUT = "SELECT pg_terminate_backend(%s, 5000)"


@dataclass
class Idle:
    """Workers that are never asked."""

    is_stopped = False


@pytest.fixture
def run(access: Access, config: Config, store: Store, tmp_path: Path) -> Run:
    """A run that keeps records and is about to end well."""
    run_id = uuid4()
    made = Run(
        run_id=run_id,
        settings=Settings.of({}, tmp_path),
        access=access,
        fields=config.fields,
        effort=effort(Mode.SAFE),
        store=store,
        workers=Idle(),  # type: ignore[arg-type]
        recording=recording(tmp_path),
        evidence=Evidence.of(tmp_path, run_id),
        result=RunResult(run_id, "encrypt_secrets", "safe", str(tmp_path)),
        actor=getpass.getuser(),
        watch=lambda *_: None,
        records=True,
    )
    names = tuple(field.name for field in config.fields)
    ledger.start(store, ledger.RunRecord(run_id, "encrypt_secrets", "safe", names, None), "test")
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
