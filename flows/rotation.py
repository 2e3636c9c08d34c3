"""The stages that only a rotation has: which key, who can read it, and what it came to."""

from typing import Any

from flows import stages
from flows.backing_up import back_up
from flows.counting import count_after, count_before
from flows.ending import conclude, with_claims
from flows.setting_aside import excuse_accepted
from reseal.audit.action import Action
from reseal.outcome import Outcome
from reseal.rotation import Change, left_behind, promised
from reseal.store import quarantine
from reseal.sweep.turn import Turn
from tasks import keys
from tasks.claims import check_before_retire, warm_up
from tasks.run import Run


def count(run: Run) -> None:
    """Count the rows anew, now that no other run can turn them."""
    with run.stage("count"):
        count_before(run)


def change_key(run: Run, *, assumed: bool, compromised: int = 0) -> Change:
    """Stage a key, wait until every reader opens it, and let it take over.

    Where the active one is compromised, nobody is waited for long.
    """
    keys.need_readers(assumed)
    with run.stage("stage"):
        version = keys.stage_key(compromised)
    return take_over(run, version, assumed=assumed, urgent=bool(compromised))


def take_over(run: Run, version: int, *, assumed: bool, urgent: bool = False) -> Change:
    """Wait until every reader opens a key, and let it seal."""
    with run.stage("readers"):
        keys.await_readers(version, assumed, urgent)
    with run.stage("activate"):
        keys.activate_key(version)
    return keys.change_made()


def make_ready(run: Run) -> None:
    """Make the tables ready, as new enrolments may be longer than what was sealed; back up."""
    warm_up()
    with run.stage("prepare"):
        stages.prepare_tables(run)
    back_up(run)


def carry_out(run: Run, change: Change, *said: str) -> None:
    """Put every row under the active key, prove it, and look what the older keys still need."""
    stages.reseal(run)
    _follow_up(run, change)
    broken = _prove(run, change)
    _look_at_gates(run)
    if broken:
        conclude(run, Outcome.FAILED, "; ".join([broken, *said, str(change), change.aftermath]))
        return
    _sum_up(run, change, *said)


def _follow_up(run: Run, change: Change) -> None:
    """Reseal what was enrolled under an older key meanwhile, once nobody seals under one."""
    with run.stage("readers"):
        keys.await_sealers(change.active)
    if _has_stragglers(run, change):
        stages.reseal(run)


def _prove(run: Run, change: Change) -> str | None:
    """Validate; where a row came late under an older key, reseal it and validate once more.

    It was sealed before its application changed over, and committed after all of them had.
    """
    before = {field.name: list(run.field_result(field.name).failed_claims) for field in run.fields}
    broken = stages.validate(run, Turn.RESEAL)
    count_after(run)
    if broken or not _has_stragglers(run, change):
        return broken
    for name, claims in before.items():
        run.field_result(name).failed_claims = claims
    stages.reseal(run)
    return stages.validate(run, Turn.RESEAL)


def _has_stragglers(run: Run, change: Change) -> bool:
    # What does not open stays where it is, however often a sweep comes by.
    return any(
        _left(run, field.name, change)
        > quarantine.unreadable_rows(run.store, field.name, run.run_id)
        for field in run.fields
    )


def _look_at_gates(run: Run) -> None:
    with run.stage("retire"):
        gates = keys.look_at_gates()
        run.evidence.write("retirement", gates)
        if gates:
            # Most of it becomes true with time only; what is not yet makes no run a failure.
            run.evidence.write("before-retirement", check_before_retire(gates).as_dict())
        ready = [version for version in gates if _all_open(gates[version])]
        run.note(Action.RETIREMENT_GATES, waiting_for_approval=ready)


def _sum_up(run: Run, change: Change, *first: str) -> None:
    """Say whether everything is under the active key, or how many rows were set aside or left."""
    count_after(run)
    excuse_accepted(run)
    done = run.result
    aside, plain, failed = done.quarantined, done.still_plain, done.failed_claims
    left = sum(_left(run, field.name, change) for field in run.fields)
    text = (
        f"{done.changed} resealed, {done.set_aside}, {plain} still plaintext, "
        f"{left} under an old key"
    )
    idle = _idle(run, change)
    said = [*first, *idle, str(change), text, change.aftermath, _not_chosen(run)]
    outcome = Outcome.PARTIAL if aside or plain or left or failed else Outcome.DONE
    told = with_claims(run, "; ".join(filter(None, said)))
    conclude(run, Outcome.FAILED if idle else outcome, told)


def _left(run: Run, name: str, change: Change) -> int:
    """Return how many rows are under an older key, but those that were accepted there."""
    result = run.field_result(name)
    if result.after is None:
        return 0
    excused = left_behind(result.excused, change.active)
    return max(0, left_behind(result.after, change.active) - excused)


def _idle(run: Run, change: Change) -> list[str]:
    """Name the fields where rows were to be written and none was."""
    return [
        f"the census promised {rows} rows of {field.name} and none was changed"
        for field in run.fields
        if (rows := _promised(run, field.name, change)) > 0
        and not run.field_result(field.name).changed
    ]


def _promised(run: Run, name: str, change: Change) -> int:
    result = run.field_result(name)
    if result.before is None:
        return 0
    # What does not open, nobody can reseal, and what is refused and was accepted, nobody will.
    unreadable = quarantine.unreadable_rows(run.store, name)
    return promised(result.before, change.active) - unreadable - result.excused.plain


def _not_chosen(run: Run) -> str:
    chosen = {field.name for field in run.fields}
    others = [field.name for field in run.access.config.fields if field.name not in chosen]
    return f"not rotated: {', '.join(others)}" if others else ""


def _all_open(gates: list[dict[str, Any]]) -> bool:
    return all(gate["verdict"] == "pass" for gate in gates if gate["name"] != "approval")
