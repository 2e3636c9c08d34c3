"""What Prefect says of a run in lines of its own: the sentence of an error, no stack trace."""

import logging

from reseal.errors import ResealError

_OF_RUNS = ("prefect.flow_runs", "prefect.task_runs")


def leave_out_traces() -> None:
    """Let no line of Prefect's, wherever it goes, show the way of an error that is a sentence.

    Somebody who stopped a run would read two of them.
    """
    for name in _OF_RUNS:
        logging.getLogger(name).addFilter(_without_trace)


def _without_trace(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ResealError):
        record.exc_info = record.exc_text = None
    return True
