"""Open every envelope, compare with the backup, and state what must be true."""

from threading import Thread
from time import sleep, time
from uuid import UUID

from expectations import warm
from expectations.check import CheckResult, check
from expectations.suites import Aside, Suite, after_rotate, after_seal, after_verify
from reseal import census
from reseal.backup import table as backup_table
from reseal.judge import Facts
from reseal.probes import probe
from reseal.store import catalog, quarantine
from reseal.sweep.span import Span
from reseal.verify import Verification
from tasks.census import facts_frame
from tasks.run import Run, current
from tasks.step import step

_warming: list[Thread] = []


def warm_up() -> None:
    """Import Great Expectations in the background; `check_claims` waits for that."""
    _warming.append(warm.warm_up())


@step(name="verify span", task_run_name="verify {field} {span}")
def verify_span(
    field: str, backed_up_by: UUID | None, writer: UUID | None, span: Span
) -> Verification:
    """Open the envelopes on a range of pages and compare them with a run's backup."""
    run = current()
    return run.workers.verify(backed_up_by, writer, field, span).result()


@step(name="check claims", task_run_name="check claims on {field}")
def check_claims(field: str, facts: Facts, backed_up_by: UUID | None, rotated: bool) -> CheckResult:
    """State what must be true of the facts; Data Docs go into the evidence."""
    run = current()
    # Two threads that import Great Expectations at once end in an ImportError.
    for thread in _warming:
        thread.join()
    suite = _suite(run, field, facts, backed_up_by, rotated=rotated)
    directory = run.evidence.directory / f"expectations-{field}"
    return check(facts_frame(field, facts), suite, directory, f"{run.run_id} {field}")


@step(name="probe", task_run_name="probe {field}")
def probe_field(field: str, backed_up_by: UUID | None) -> dict[str, bool]:
    """Tamper with envelopes in memory and compare codes; return whether each came out right."""
    run = current()
    target = run.access.target(run.store, field)
    original = run.access.original(run.store, backed_up_by, field) if backed_up_by else None
    return probe(run.store, target, run.access.keyring(run.store), original, time())


def _suite(
    run: Run, field: str, facts: Facts, backed_up_by: UUID | None, *, rotated: bool
) -> Suite:
    target = run.access.target(run.store, field)
    counted = census.take_census(run.store, target)
    keyring = run.access.keyring(run.store)
    versions = keyring.check_values
    accepted = sum(rows for fact, rows in facts.items() if fact.accepted)
    aside = Aside(quarantine.counted(run.store, field).aside, accepted)
    drift = _drift(run, target, abs(facts.total() - counted.rows))
    if rotated:
        return after_rotate(counted.rows, keyring.active, aside, drift)
    if backed_up_by is None:
        return after_verify(counted.rows, versions, aside, drift)
    backed_up = backup_table.count(run.store, backed_up_by, field)
    return after_seal(counted.rows, versions, aside, backed_up, drift)


def _drift(run: Run, target: catalog.Target, difference: int) -> int:
    """Return how many rows the application wrote lately, where the counts differ at all."""
    if not difference:
        return 0
    # The server's statistics lag behind by up to a second.
    sleep(1.5)
    return catalog.rows_written(run.store, target) - run.written_before.get(target.field.name, 0)
