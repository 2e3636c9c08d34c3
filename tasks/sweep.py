"""Turn spans of rows."""

from uuid import UUID

from reseal import spans
from reseal.posting import Posting
from reseal.sweep.engine import SpanResult
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn
from tasks.elsewhere import do
from tasks.step import step


@step(name="sweep span", task_run_name="{turn} {field} pass {pass_number} {span}")
def sweep_span(
    posting: Posting, field: str, turn: Turn, pass_number: int, span: Span
) -> SpanResult:
    """Turn the rows on a range of pages."""
    assignment = posting.assignment(field, turn, pass_number)
    return do(posting, spans.sweep_span, assignment, span, posting.pace)


@step(name="restore span", task_run_name="restore {field} pass {pass_number} {span}")
def restore_span(
    posting: Posting, field: str, rolled_back: UUID, pass_number: int, span: Span, newer: bool
) -> SpanResult:
    """Put originals back on a range of pages."""
    assignment = posting.assignment(field, Turn.UNSEAL, pass_number)
    return do(posting, spans.restore_span, assignment, rolled_back, span, posting.pace, newer)
