"""The stages of a run, each over all its fields."""

from contextlib import suppress

from flows.backing_up import copy_late
from flows.counting import count_after
from flows.ending import conclude, with_claims
from flows.options import SweepOptions
from flows.passes import converge
from flows.refusal import refused_by
from flows.setting_aside import enter_quarantine, excuse_accepted
from flows.validation import judge
from reseal.audit.action import Action
from reseal.errors import ResealError, StoreError
from reseal.outcome import Outcome
from reseal.preflight import Report
from reseal.store import ledger, quarantine
from reseal.sweep.tally import Tally
from reseal.sweep.turn import Turn
from tasks import artifacts
from tasks.claims import warm_up
from tasks.preflight import look_first
from tasks.run import Run
from tasks.storage import measure_storage
from tasks.sweep import sweep_span
from tasks.table import (
    count_rows,
    drop_shield,
    optimise_table,
    prepare_key,
    prepare_table,
    raise_guard,
    raise_shield,
)

_SAID = {Turn.SEAL: Action.SEALED, Turn.RESEAL: Action.RESEALED}


def preflight(
    run: Run, options: SweepOptions, *, skip_backup: bool = False, rotates: bool = False
) -> Report:
    """Check everything; raise Refused with the first remedy where a check says no."""
    with run.stage("preflight"):
        report = look_first(options.mode, skip_backup, rotates)
        run.evidence.write("preflight", report.as_dict())
        artifacts.publish_preflight(report)
        for name, census in report.fields.items():
            run.field_result(name).before = census
        measure_storage(run, "before")
    unfit = {check.field for check in report.refused}
    run.fields = tuple(field for field in run.fields if field.name not in unfit)
    # A check without a field concerns the run as a whole, and no field is fit then.
    if report.refused and not (options.skip_refused and run.fields and None not in unfit):
        raise refused_by(report)
    return report


def prepare(run: Run, *, skip_backup: bool = False) -> None:
    """Make the tables ready to hold envelopes, and see to an active key."""
    warm_up()
    with run.stage("prepare"):
        # Once there is a key, applications seal what is enrolled: there must be room for it.
        prepare_tables(run, skip_backup=skip_backup)
        run.note(Action.KEY_READY, key_version=prepare_key())


def prepare_tables(run: Run, *, skip_backup: bool = False) -> None:
    """Make room in the column, drop the indexes over the secret and raise the shield."""
    # All before the first shield, which would keep the columns it looks at from being widened.
    prepared = {field.name: prepare_table(field.name).as_dict() for field in run.fields}
    for name, done in prepared.items():
        # The shield knows an original by what the backup has of it.
        why_not = drop_shield(name) if skip_backup else raise_shield(name)
        done["shield"] = {"raised": not why_not, "why": why_not}
        if why_not:
            run.unshielded[name] = why_not
        run.evidence.write(f"prepare-{name}", done)
        run.note(Action.PREPARED, field=name, **done)


def encrypt(run: Run) -> None:
    """Sweep each field until nothing is left to seal."""
    sweep(run, "encrypt", Turn.SEAL)


def reseal(run: Run) -> None:
    """Sweep each field until all of it is sealed under the active key."""
    sweep(run, "reseal", Turn.RESEAL)


def sweep(run: Run, stage: str, turn: Turn) -> None:
    """Turn each field, and enter what became of its rows whatever happens."""
    for field in run.fields:
        before = run.result.stages.get(stage, 0.0)
        try:
            with run.stage(stage):
                last = _turn_field(run, field.name, stage, turn)
        except ResealError:
            # What was committed is counted all the same, where the connection still stands;
            # the first fault is the one to tell.
            with suppress(StoreError):
                enter_outcomes(run, field.name, turn, Tally())
                copy_late(run, field.name)
            raise
        finally:
            # A stop that is heard before the stage begins leaves it without seconds.
            run.field_result(field.name).seconds = run.result.stages.get(stage, before) - before
        enter_outcomes(run, field.name, turn, last)
        copy_late(run, field.name)


def _turn_field(run: Run, name: str, stage: str, turn: Turn) -> Tally:
    """Sweep one field in passes; return the tally of the last one."""
    last = converge(
        run,
        name,
        stage,
        lambda number, span: run.submit(sweep_span, name, turn, number, span),
    )
    if last.converged:
        # What an earlier pass set aside and the last did not meet is in no trouble any more.
        quarantine.forget_unmet(run.store, name, run.swept_since[name], run.run_id)
    return last


def enter_outcomes(run: Run, name: str, turn: Turn, last: Tally) -> None:
    """Enter what became of a field's rows: by the ledger, and by what the last pass met."""
    result = run.field_result(name)
    result.moved, result.locked = last.moved, last.locked
    result.changed = ledger.sealed_rows(run.store, run.run_id, name)
    enter_quarantine(run, name)
    result.after = count_rows(name)
    run.note(_SAID[turn], field=name, changed=result.changed, last_pass=last.as_dict())


def validate(run: Run, turn: Turn = Turn.SEAL) -> str | None:
    """Open every envelope and state what must be true; return what is broken, or None."""
    with run.stage("validate"):
        # The backup of a rotation holds nothing to compare a resealed row with.
        return judge(run, turn)


def guard(run: Run, *, forced: bool) -> None:
    """Raise the guard constraint where that breaks no application; else say why not."""
    with run.stage("guard"):
        for field in run.fields:
            done = raise_guard(field.name, forced).as_dict()
            run.evidence.write(f"guard-{field.name}", done)
            run.note(Action.GUARD, field=field.name, **done)


def optimise(run: Run, *, dry_run: bool = False) -> None:
    """Keep an index where it helps the login queries; a dry run says what would be tried."""
    with run.stage("optimise"):
        for field in run.fields:
            done = optimise_table(field.name, dry_run)
            run.field_result(field.name).optimised = done
            run.evidence.write(f"optimise-{field.name}", done.as_dict())
            run.note(Action.OPTIMISED, field=field.name, index=done.index, kept=done.kept)


def sum_up(run: Run) -> None:
    """Say whether everything is sealed, or how many rows were set aside or left."""
    count_after(run)
    excuse_accepted(run)
    done = run.result
    aside, plain, failed = done.quarantined, done.still_plain, done.failed_claims
    text = f"{done.changed} sealed, {done.set_aside}, {plain} still plaintext"
    if done.residue:
        text += f", old secrets left in {done.residue} places on disk: see `reseal residue`"
    conclude(
        run,
        Outcome.PARTIAL if aside or plain or failed else Outcome.DONE,
        with_claims(run, text),
    )
