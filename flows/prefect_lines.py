"""What Prefect says of a run in lines of its own: the sentence of an error, and that once."""

import logging

from reseal.errors import ResealError
from reseal.logs import Lines

OF_RUNS = ("prefect.flow_runs", "prefect.task_runs")


def leave_out_traces() -> None:
    """Let no line of Prefect's, wherever it goes, show the way of an error that is a sentence.

    Somebody who stopped a run would read two of them. On the console such a line is left out
    altogether, as the command ends with the sentence; Prefect's own record keeps it.
    """
    for name in OF_RUNS:
        logger = logging.getLogger(name)
        logger.addFilter(_without_trace)
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler) and not isinstance(handler, Lines):
                handler.addFilter(_is_news)


def _without_trace(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ResealError):
        record.exc_info = record.exc_text = None
        record.told_elsewhere = True
    return True


def _is_news(record: logging.LogRecord) -> bool:
    is_end = str(record.msg).startswith("Finished in state")
    return not (is_end or getattr(record, "told_elsewhere", False))
