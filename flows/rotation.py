"""The stages that only a rotation has: which key, who can read it, and what it came to."""

from flows.running import conclude
from flows.stages import prepare_tables
from reseal.outcome import Outcome
from reseal.rotation import Change, left_behind, promised
from tasks import keys
from tasks.run import Run
from tasks.table import count_rows
from tasks.validate import warm_up


def count(run: Run) -> None:
    """Count the rows anew, now that no other run can turn them."""
    with run.stage("count"):
        for field in run.fields:
            run.field_result(field.name).before = count_rows(field.name)


def change_key(run: Run, *, assumed: bool) -> Change:
    """Stage a key, wait until every reader opens it, and let it take over."""
    keys.need_readers(assumed)
    with run.stage("stage"):
        version = keys.stage_key()
    with run.stage("readers"):
        keys.await_readers(version, assumed)
    with run.stage("activate"):
        keys.activate_key(version)
    return keys.change_made()


def prepare(run: Run, change: Change) -> None:
    """Make the tables ready, as new enrolments may be longer than what was sealed before."""
    warm_up()
    with run.stage("prepare"):
        prepare_tables(run, change.active)


def sum_up(run: Run, change: Change) -> None:
    """Say whether everything is under the new key, or how many rows were set aside or left."""
    for field in run.fields:
        run.field_result(field.name).after = count_rows(field.name)
    done = run.result
    aside, plain, failed = done.quarantined, done.still_plain, done.failed_claims
    counted = [part.after for part in done.fields.values() if part.after]
    left = sum(left_behind(census, change.active) for census in counted)
    text = (
        f"{done.changed} resealed, {aside} quarantined, {plain} still plaintext, "
        f"{left} under an old key"
    )
    idle = _idle(run, change)
    said = [*idle, str(change), text, change.aftermath, _not_chosen(run)]
    outcome = Outcome.PARTIAL if aside or plain or left or failed else Outcome.DONE
    conclude(
        run,
        Outcome.FAILED if idle else outcome,
        "; not true: ".join(["; ".join(filter(None, said)), *failed]),
    )


def _idle(run: Run, change: Change) -> list[str]:
    """Name the fields where rows were to be written and none was."""
    named = [(field.name, run.field_result(field.name)) for field in run.fields]
    return [
        f"the census promised {rows} rows of {name} and none was changed"
        for name, part in named
        if part.before and (rows := promised(part.before, change.active)) and not part.changed
    ]


def _not_chosen(run: Run) -> str:
    chosen = {field.name for field in run.fields}
    others = [field.name for field in run.access.config.fields if field.name not in chosen]
    return f"not rotated: {', '.join(others)}" if others else ""
