"""Every log line has an id, tells what was worked on, and quotes nothing that was raised."""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from reseal import about
from reseal.about import about_run
from reseal.errors import SettingsError
from reseal.logs import Style, set_up
from reseal.secret import Secret
from reseal.settings import log_style
from tests.conftest import SENTINEL

RUN = uuid4()


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[str]]]:
    """What was written to standard error; afterwards loggers are as they were."""
    loggers = [logging.getLogger(name) for name in ("reseal", "root")]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]

    def written() -> list[str]:
        return capsys.readouterr().err.splitlines()

    yield written
    for logger, handlers, level, propagate in before:
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)


def spoken(lines: Callable[[], list[str]]) -> list[dict]:
    return [json.loads(line) for line in lines()]


def log(text: str = "%s rows", *args: object) -> None:
    logging.getLogger("reseal.test").info(text, *(args or (3,)))


def test_a_line_of_json_tells_run_flow_field_and_stage(lines: Callable[[], list[str]]):
    set_up(Style.JSON)
    with about_run(RUN, "encrypt_secrets"), about.about(stage="backup", field="users.mfa_secret"):
        log()
    (line,) = spoken(lines)

    assert line["correlation"] == line["run_id"] == str(RUN)
    assert (line["flow"], line["stage"]) == ("encrypt_secrets", "backup")
    assert (line["field"], line["message"], line["level"]) == ("users.mfa_secret", "3 rows", "info")


def test_what_a_command_says_has_one_id_and_another_command_has_another(
    lines: Callable[[], list[str]],
):
    set_up(Style.JSON)
    for _ in range(2):
        about.begin_command()
        log()
        log()
    ids = [line["correlation"] for line in spoken(lines)]

    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_a_thread_of_its_own_knows_the_run(lines: Callable[[], list[str]]):
    set_up(Style.JSON)
    with about_run(RUN, "verify_secrets"), about.about(stage="validate"):
        thread = threading.Thread(target=log)
        thread.start()
        thread.join()
    (line,) = spoken(lines)

    assert (line["run_id"], line["flow"], "stage" in line) == (str(RUN), "verify_secrets", False)


@pytest.mark.parametrize("style", Style)
def test_neither_a_secret_nor_what_was_raised_is_quoted(
    lines: Callable[[], list[str]], style: Style
):
    set_up(style)
    try:
        raise ValueError(SENTINEL)
    except ValueError:
        logging.getLogger("reseal.test").exception("no good: %s", Secret(SENTINEL))
    (line,) = lines()

    assert SENTINEL not in line
    assert "ValueError" in line


def test_text_is_one_line_a_record_and_has_the_id_too(lines: Callable[[], list[str]]):
    set_up(Style.CONSOLE)
    with about_run(RUN, "encrypt_secrets"):
        log("table %s", "a\nb")
    (line,) = lines()

    assert f"[{RUN} encrypt_secrets] table a b" in line


def test_where_nothing_is_asked_for_only_warnings_are_told(lines: Callable[[], list[str]]):
    set_up(None)
    log()
    logging.getLogger("reseal.test").warning("careful")

    assert ["careful" in line for line in lines()] == [True]


def test_with_json_others_write_as_we_do(lines: Callable[[], list[str]]):
    other = logging.getLogger("other.library")
    other.addHandler(logging.StreamHandler(sys.stderr))
    other.propagate = False
    set_up(Style.JSON)
    other.warning("full")
    (line,) = spoken(lines)

    assert (line["logger"], line["message"]) == ("other.library", "full")
    other.handlers.clear()


def test_the_setting_is_json_or_console():
    assert [log_style({"RESEAL_LOG": text}) for text in ("json", "console", "")] == [*Style, None]
    with pytest.raises(SettingsError, match="RESEAL_LOG is 'xml'; it must be json or console"):
        log_style({"RESEAL_LOG": "xml"})
