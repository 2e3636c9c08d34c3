"""Turn spans of rows, in a worker process."""

from uuid import UUID

from reseal.sweep.engine import SpanResult
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn
from tasks.run import current
from tasks.step import step


@step(name="sweep span", task_run_name="{turn} {field} pass {pass_number} {span}")
def sweep_span(field: str, turn: Turn, pass_number: int, span: Span) -> SpanResult:
    """Turn the rows on a range of pages."""
    run = current()
    assignment = run.assignment(field, turn, pass_number)
    return run.workers.sweep(assignment, span, run.effort.pace).result()


@step(name="restore span", task_run_name="restore {field} pass {pass_number} {span}")
def restore_span(
    field: str, rolled_back: UUID, pass_number: int, span: Span, newer: bool
) -> SpanResult:
    """Put originals back on a range of pages."""
    run = current()
    assignment = run.assignment(field, Turn.UNSEAL, pass_number)
    return run.workers.restore(assignment, rolled_back, span, run.effort.pace, newer=newer).result()
