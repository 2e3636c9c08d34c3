"""Judge what stands in the table: open all of it, state what must be true, probe it."""

from collections.abc import Callable
from uuid import UUID

from flows.passes import spans
from flows.setting_aside import enter_quarantine
from reseal.audit.action import Action
from reseal.backup import table as backup_table
from reseal.errors import ClaimsFailed
from reseal.imprints import gathering
from reseal.judge import TROUBLES, Facts
from reseal.quarantine.trouble import SENTENCES, SetAside
from reseal.store import quarantine
from reseal.store.catalog import rows_written
from reseal.sweep.turn import Turn
from reseal.verify import Broken, Verification
from tasks.claims import Checked, check_before_reseal, check_before_seal, check_claims
from tasks.keys import await_openers
from tasks.run import Run
from tasks.verify import probe_field, verify_span

# Each is compared with the backup by one join, for which the server looks at all of the backup.
_MOST_SPANS = 4


def need_claims_to_seal(run: Run, *, with_backup: bool) -> None:
    """State what must be true before the first write; raise ClaimsFailed where it is not."""
    _need(run, lambda field: check_before_seal(field, with_backup), "Nothing was sealed")


def need_claims_to_reseal(run: Run, active: int, *, urgent: bool = False) -> None:
    """State the same before a rotation's first write.

    Whatever an interrupted rotation can have left is true of all of it, so that it is gone on with.
    """
    if not urgent:
        # One that started meanwhile may not have told yet what it opens.
        with run.stage("readers"):
            await_openers(active)
    so = f"No row was resealed, and key {active} stays active: mend this and rotate again"
    _need(run, lambda field: check_before_reseal(field, active, urgent), so)


def _need(run: Run, check: Callable[[str], Checked], so: str) -> None:
    with run.stage("expect"):
        for field in run.fields:
            checked = check(field.name)
            record = f"{checked.suite}-{field.name}"
            run.evidence.write(record, checked.as_dict())
            run.note(Action.EXPECTED, field=field.name, claims_hold=checked.result.success)
            if checked.result.failed:
                said = " ".join(checked.result.failed)
                raise ClaimsFailed(
                    f"not true of {field.name}: {said} {so}; what was counted is in "
                    f"{record}.json of the evidence"
                )


def judge(run: Run, turn: Turn | None = None) -> str | None:
    """Return in one sentence what is broken, or None; claims that fail are in the evidence.

    `turn` is what the run has done to the rows; after a SEAL they are compared with its backup.
    """
    with gathering() as run.imprints:
        said = [_judge(run, field.name, turn) for field in run.fields]
    return "; ".join(text for text in said if text) or None


def _judge(run: Run, name: str, turn: Turn | None) -> str | None:
    backed_up_by = run.run_id if turn is Turn.SEAL else None
    if backed_up_by and backup_table.find(run.store, backed_up_by, name) is None:
        backed_up_by = None
    seen = open_all(run, name, backed_up_by, run.run_id if turn is Turn.RESEAL else None)
    _set_aside(run, name, [row for row in seen.broken if not row.is_ours])
    _forget_unmet(run, name)
    probed = probe_field(name, backed_up_by)
    checked = check_claims(name, seen.facts, probed, backed_up_by, turn)
    record = {**checked.as_dict(), "broken": _first(seen.broken), "probes": probed.results}
    run.evidence.write(f"validation-{name}", record)
    holds = checked.result.success
    run.note(Action.VALIDATED, field=name, claims_hold=holds, broken=seen.ours + seen.others)
    run.field_result(name).failed_claims += checked.result.failed
    if seen.ours:
        return f"{seen.ours} envelopes of {name} are broken"
    wrong = [said for said, came_out_right in probed.results.items() if not came_out_right]
    return f"not true of {name}: {', '.join(wrong)}" if wrong else None


def _set_aside(run: Run, name: str, rows: list[Broken]) -> None:
    """Quarantine envelopes that were broken before the run: a rollback would not mend them."""
    if not rows or not run.records:
        return
    quarantine.set_aside(run.store, run.run_id, name, map(_broken_before, rows))
    enter_quarantine(run, name)


def _broken_before(row: Broken) -> SetAside:
    trouble = TROUBLES[row.verdict]
    return SetAside(row.key, trouble, f"{SENTENCES[trouble]}, from before this run")


def _forget_unmet(run: Run, name: str) -> None:
    """Forget rows that neither a whole pass nor this look at all of them has met again."""
    if run.records and name in run.swept_since:
        quarantine.forget_unmet(run.store, name, run.swept_since[name])


def open_all(run: Run, name: str, backed_up_by: UUID | None, writer: UUID | None) -> Verification:
    """Open every envelope of a field and compare it with a run's backup, where it has one."""
    target = run.access.target(run.store, name)
    run.written_before[name] = rows_written(run.store, target)
    few = spans(run, target, most=_MOST_SPANS)
    futures = [run.submit(verify_span, name, backed_up_by, writer, span) for span in few]
    seen = Verification(Facts(), [])
    for future in futures:
        part, carried = future.result()
        seen += part
        if run.imprints:
            run.imprints.add(carried)
        run.watch("validate", name, seen.facts.total(), target.rows)
    run.watch("validate", name, seen.facts.total(), seen.facts.total())
    return seen


def _first(broken: list[Broken]) -> list[dict[str, object]]:
    return [{"key": row.key, "verdict": row.verdict} for row in broken[:1000]]
