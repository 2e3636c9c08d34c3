"""State what must be true of a field, before and after its rows are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from time import sleep
from typing import Any
from uuid import UUID

from expectations import suites, warm
from expectations.check import CheckResult, check
from expectations.suites import Counted, Suite
from reseal import census, measure, rotation
from reseal.census import Census
from reseal.judge import Facts
from reseal.keyring import Keyring
from reseal.measure import Measure, What
from reseal.probes import Probed
from reseal.store import catalog, quarantine
from reseal.sweep.turn import Turn
from tasks.frame import facts_frame, facts_of
from tasks.run import Run, current
from tasks.step import step

_warming: list[Thread] = []


@dataclass(frozen=True, slots=True)
class Checked:
    """The facts and measures that a suite was checked on, and what came out."""

    suite: str
    facts: Facts
    measures: tuple[Measure, ...]
    result: CheckResult

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        claims = self.result.statements
        return {
            "suite": self.suite,
            "success": self.result.success,
            "claims": [{"sentence": one.sentence, "success": one.success} for one in claims],
            "facts": [{**fact._asdict(), "rows": n} for fact, n in sorted(self.facts.items())],
            "measures": [one._asdict() for one in self.measures],
        }


def warm_up() -> None:
    """Import Great Expectations in the background, which checks await; a careful run does not."""
    if not current().effort.is_careful:
        _warming.append(warm.warm_up())


def _await_import() -> None:
    """Wait before a suite is made: two threads that import at once end in an ImportError."""
    for thread in _warming:
        thread.join()


@step(name="check claims", task_run_name="check claims on {field}")
def check_claims(
    field: str, facts: Facts, probed: Probed, backed_up_by: UUID | None, turn: Turn | None
) -> Checked:
    """State what must be true of the facts after a turn, or in between; Data Docs are evidence."""
    run = current()
    target, keyring = run.access.target(run.store, field), run.access.keyring(run.store)
    measures = [
        *measure.of_ivs(run.imprints.ivs() if run.imprints else {}),
        *measure.of_probes(probed),
        *measure.of_quarantine(run.store, field),
        *measure.of_guard(run.store, target),
        *measure.of_keys(run.store),
    ]
    if backed_up_by is not None:
        measures += measure.of_originals(run.store, target, backed_up_by, facts)
    counted = _counted(run, target, facts, measures)
    _await_import()
    suite = _suite(counted, keyring, measures, turn)
    return _check(run, suite, field, facts, measures, f"expectations-{field}")


@step(name="check before sealing", task_run_name="check before sealing {field}")
def check_before_seal(field: str, with_backup: bool) -> Checked:
    """State what must be true of a field before its first row is written."""
    run = current()
    target, keyring = run.access.target(run.store, field), run.access.keyring(run.store)
    before = run.field_result(field).before
    measures = [
        *measure.of_shield(run.store, target, run.unshielded.get(field)),
        *measure.of_keys(run.store),
        *measure.of_backup(run.store, run.run_id, field),
    ]
    _await_import()
    suite = suites.before_seal(
        keyring.check_values,
        is_empty=not census.has_rows(run.store, target),
        with_backup=with_backup,
    )
    return _check_before(run, suite, field, before, measures)


@step(name="check before resealing", task_run_name="check before resealing {field}")
def check_before_reseal(field: str, active: int, urgent: bool) -> Checked:
    """State what must be true of a field before its first row is put under the active key."""
    run = current()
    target, keyring = run.access.target(run.store, field), run.access.keyring(run.store)
    before, value = run.field_result(field).before, keyring.check_values[active]
    measures = [
        *measure.of_shield(run.store, target, run.unshielded.get(field)),
        *measure.of_guard(run.store, target),
        *measure.of_keys(run.store),
        *measure.of_backup(run.store, run.run_id, field),
        *measure.of_readers(run.store, active, value, rotation.let_go(run.store, active)),
    ]
    _await_import()
    suite = suites.before_reseal(
        keyring.check_values,
        active,
        rotation.promised(before, active) if before else 0,
        is_empty=not census.has_rows(run.store, target),
        is_urgent=urgent,
    )
    return _check_before(run, suite, field, before, measures)


@step(name="check before retirement")
def check_before_retire(gates: dict[str, list[dict[str, Any]]]) -> Checked:
    """State what must be true before the retiring keys go; the gates are by key version."""
    run = current()
    keyring = run.access.keyring(run.store)
    active, value = keyring.active, keyring.check_values[keyring.active]
    measures = [*measure.of_gates(gates), *measure.of_readers(run.store, active, value)]
    _await_import()
    suite = suites.before_retire(map(int, gates), active)
    return _check(run, suite, "", Facts(), measures, "expectations-before-retirement")


def _check_before(
    run: Run, suite: Suite, field: str, counted: Census | None, measures: Sequence[Measure]
) -> Checked:
    facts = facts_of(counted) if counted else Facts()
    return _check(run, suite, field, facts, measures, f"expectations-before-{field}")


def _check(
    run: Run, suite: Suite, field: str, facts: Facts, measures: Sequence[Measure], name: str
) -> Checked:
    frame = facts_frame(field, facts, measures)
    result = check(frame, suite, run.evidence.directory / name, f"{run.run_id} {field}".strip())
    return Checked(suite.name, facts, tuple(measures), result)


def _suite(
    counted: Counted, keyring: Keyring, measures: Sequence[Measure], turn: Turn | None
) -> Suite:
    if turn is None:
        return suites.nightly(counted, keyring.check_values)
    if turn is Turn.RESEAL:
        return suites.after_rotate(counted, keyring.active)
    backed_up = next((one.amount for one in measures if _is_backed_up(one)), None)
    return suites.after_seal(counted, keyring.check_values, backed_up)


def _counted(
    run: Run, target: catalog.Target, facts: Facts, measures: Sequence[Measure]
) -> Counted:
    rows = census.rows_of(run.store, target)
    aside = quarantine.counted(run.store, target.field.name).aside
    accepted = sum(count for fact, count in facts.items() if fact.accepted)
    originals = [one for one in measures if one.what is What.ORIGINALS]
    missing = sum(one.amount if _is_backed_up(one) else -one.amount for one in originals)
    drift = _drift(run, target) if missing or rows != facts.total() else 0
    return Counted(rows, aside, accepted, drift)


def _is_backed_up(one: Measure) -> bool:
    return one.what is What.ORIGINALS and one.of == "backed up"


def _drift(run: Run, target: catalog.Target) -> int:
    """Return how many rows the application wrote lately."""
    # The server's statistics lag behind by up to a second.
    sleep(1.5)
    return catalog.rows_written(run.store, target) - run.written_before.get(target.field.name, 0)
