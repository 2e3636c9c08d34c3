"""Pass over a field until one whole pass finds nothing more to do."""

from collections.abc import Callable

from prefect.futures import PrefectFuture, as_completed

from reseal.errors import TooManyQuarantined
from reseal.quarantine.breaker import Breaker
from reseal.quarantine.breaker import tripped as why_tripped
from reseal.store import quarantine
from reseal.store.catalog import Target
from reseal.sweep.engine import SpanResult
from reseal.sweep.span import Span, whole
from reseal.sweep.tally import Tally
from tasks import artifacts
from tasks.run import Run

MOST_PASSES = 10
# A task costs the Prefect server about 30 ms, so a run has at most a few hundred of them.
_MOST_SPANS = 200

Submit = Callable[[int, Span], PrefectFuture[SpanResult]]


def converge(run: Run, field: str, stage: str, submit: Submit) -> Tally:
    """Sweep until a pass changes nothing, moves nothing and skips nothing; return that pass.

    After MOST_PASSES the last pass is returned as it is: its counts say what was in the way.
    """
    last = Tally()
    for number in range(1, MOST_PASSES + 1):
        began = quarantine.now(run.store)
        last = _sweep_once(run, field, stage, number, submit)
        if last.converged:
            run.swept_since[field] = began
            break
    return last


def _sweep_once(run: Run, field: str, stage: str, number: int, submit: Submit) -> Tally:
    """Sweep every span once; raise Stopped where a person asked for it.

    Raise TooManyQuarantined where more values are set aside than the configuration allows.
    """
    breaker = _breaker(run, field)
    target = run.access.target(run.store, field)
    run.progress.begin(stage, field, target.rows, rows_after(run, field))
    futures = [submit(number, span) for span in spans(run, target, first_pass=number == 1)]
    bar = artifacts.begin_progress(f"{stage} {field}, pass {number}")
    tally, stopped, tripped = Tally(), False, False
    with run.awaiting(futures) as looked_at:
        # As they come, so that it is noticed as soon as there is too much that cannot be sealed.
        for done, future in enumerate(as_completed(futures), start=1):
            result = future.result()
            tally += result.tally
            looked_at(result.tally.rows_read)
            run.decisions += result.decisions
            stopped = stopped or result.stopped
            if not tripped and breaker.trips_at(tally):
                # Every worker comes to its next batch boundary, and what it committed is counted.
                tripped = True
                run.workers.stop()
            run.watch(stage, field, tally.rows_read, target.rows)
            artifacts.show_progress(bar, done, len(futures))
    run.watch(stage, field, tally.rows_read, tally.rows_read)
    # Now already, as a run that is killed has no later moment.
    run.evidence.write("pacing", run.pacing())
    if tripped:
        raise TooManyQuarantined(why_tripped(run.store, breaker, tally, field, run.run_id))
    if stopped or run.workers.is_stopped:
        said = f"stopped at a batch boundary; {tally.changed} rows of this pass are written"
        raise run.stopped(said)
    return tally


def rows_after(run: Run, field: str) -> int:
    """Return how many rows the fields have, by what was counted, whose turn comes after this."""
    names = [one.name for one in run.fields]
    counted = (run.field_result(name).before for name in names[names.index(field) + 1 :])
    return sum(census.rows for census in counted if census)


def _breaker(run: Run, field: str) -> Breaker:
    accepted = quarantine.counted(run.store, field).accepted
    return Breaker(run.access.config.most_quarantined_percent, accepted)


def spans(
    run: Run, target: Target, *, first_pass: bool = True, most: int = _MOST_SPANS
) -> list[Span]:
    """Cut the table into spans of a second or more of work, and not many more than `most`."""
    rows = run.effort.rows_of_span(target.rows, first_pass=first_pass)
    # One more, or the page beyond the table's end would make a task of its own.
    pages = 1 + max(round(rows / target.rows_per_page), target.pages // most)
    return [span for heap in whole(target) for span in heap.split(pages)]
