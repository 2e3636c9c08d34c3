"""What Prefect writes of an error that is a sentence: nothing on the console, no trace at all."""

import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from flows.prefect_lines import leave_out_traces
from reseal.errors import Stopped
from reseal.logs import Lines, Style

LOGGER = logging.getLogger("prefect.task_runs")


class Elsewhere(logging.Handler):
    """Stands in for what sends lines to Prefect's API."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def lines() -> Iterator[tuple[StringIO, StringIO, Elsewhere]]:
    """The console, our own lines, and what goes elsewhere."""
    console, ours, elsewhere = logging.StreamHandler(StringIO()), Lines(Style.JSON), Elsewhere()
    ours.stream = StringIO()
    before = LOGGER.handlers, LOGGER.filters, LOGGER.propagate
    LOGGER.handlers, LOGGER.filters, LOGGER.propagate = [console, ours, elsewhere], [], False
    leave_out_traces()
    yield console.stream, ours.stream, elsewhere
    LOGGER.handlers, LOGGER.filters, LOGGER.propagate = before


def fail(error: Exception) -> None:
    try:
        raise error
    except Exception:
        LOGGER.exception("Task run failed")


def test_a_sentence_is_left_to_the_command_and_kept_elsewhere_without_its_trace(lines):
    console, ours, elsewhere = lines

    fail(Stopped("stopped by a person"))
    LOGGER.error("Finished in state Failed(...)")

    assert console.getvalue() == ""
    assert len(ours.getvalue().splitlines()) == len(elsewhere.records) == 2
    assert all(record.exc_info is None for record in elsewhere.records)


def test_what_is_no_sentence_is_shown(lines):
    console, _, _ = lines

    fail(ValueError("x"))
    LOGGER.error("something else")

    assert "Traceback" in console.getvalue()
    assert "something else" in console.getvalue()
