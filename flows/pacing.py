"""See to it that a run works no harder than the database bears, and only when it may."""

from contextlib import AbstractContextManager
from time import monotonic

from reseal.modes import Mode
from reseal.pacing.limits import bounds
from reseal.pacing.pacer import Pacer, pacing
from reseal.pacing.samples import FILE, Samples
from reseal.pacing.sense import Sense
from tasks.run import Run


def pacing_of(run: Run) -> AbstractContextManager[None]:
    """Pace a run that holds its fields, for the length of the block."""
    names = [field.name for field in run.fields]
    limits = bounds(Mode(run.result.mode), run.pace)
    run.pacer = Pacer(
        run.run_id,
        Sense(run.access, names, str(run.run_id), limits, monotonic),
        run.workers,
        run.pace,
        run.progress,
        Samples(run.evidence.directory / FILE),
        run.decisions.append,
    )
    return pacing(run.pacer)
