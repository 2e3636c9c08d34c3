"""`reseal doctor` where all is well, and where something is broken: a line, a code, no trace."""

import json

import psycopg
import pytest

from reseal.doctor.settings import KNOWN
from tests.conftest import SENTINEL
from tests.documents.meanings import SETTINGS
from tests.flows.conftest import CONFIG, CommandLine, Ended
from tests.flows.scene import clean_environment
from tests.flows.sentences import NOBODY, enrol_two, state
from tests.reseal.test_preflight import stranger

__all__ = ["stranger"]

pytestmark = pytest.mark.slow


@pytest.fixture
def reseal(command_line: CommandLine, admin: psycopg.Connection) -> CommandLine:
    enrol_two(admin)
    return command_line


def lines(ended: Ended, section: str) -> dict[str, dict[str, str]]:
    return {line["name"]: line for line in ended.document[section]}


def test_where_all_is_well_the_code_is_0_and_nothing_was_written(reseal, admin):
    before = state(admin)

    ended = reseal.run("doctor", "--json")

    assert (ended.code, ended.err) == (0, "")
    assert ended.document["verdict"] != "refuse"
    assert {"reseal", "Python", "prefect", "psycopg", "great-expectations", "cryptography",
            "PostgreSQL"} == set(lines(ended, "versions"))  # fmt: skip
    assert lines(ended, "reach")["Prefect API"]["value"] == "answers"
    assert lines(ended, "reach")["keys: kek"]["verdict"] == "ok"
    assert lines(ended, "rights")["rights: owner"]["purpose"]
    assert state(admin) == before
    assert sorted(path.name for path in reseal.directory.iterdir()) == ["reseal.toml"]


BROKEN = {
    "no reseal.toml": ({}, None, 2, "settings", "reseal.toml", "write one with `reseal init`"),
    "a reseal.toml that is none": ({}, "[reseal", 2, "settings", "reseal.toml", "TOML"),
    "no database there": (
        {"RESEAL_DATABASE_URL": f"postgresql://ada:{SENTINEL}@127.0.0.1:1/x"},
        CONFIG, 2, "reach", "database", "check RESEAL_DATABASE_URL",
    ),
    "no URL": (
        {"RESEAL_DATABASE_URL": f"mysql://ada:{SENTINEL}@db/x"},
        CONFIG, 2, "reach", "database", "not a PostgreSQL URL",
    ),
    "no KEK": ({"RESEAL_KEK": ""}, CONFIG, 2, "reach", "keys: kek", "name the key"),
    "a KEK in place of its URI": (
        {"RESEAL_KEK": SENTINEL}, CONFIG, 2, "reach", "keys: kek", "file:",
    ),
    "one KEK for both": (
        {"RESEAL_BACKUP_KEK": "env:TEST_KEK"}, CONFIG, 2, "reach", "keys: separate", "another",
    ),
    "a KEK that is not there, and no database": (
        {"RESEAL_KEK": "file:nowhere", "RESEAL_DATABASE_URL": "postgresql://127.0.0.1:1/x"},
        CONFIG, 2, "reach", "keys: kek", "nowhere",
    ),
    "evidence where nothing can be written": (
        {"RESEAL_EVIDENCE": "/proc/1/here"}, CONFIG, 2, "reach", "evidence", "RESEAL_EVIDENCE",
    ),
    "no Prefect": (
        {"PREFECT_API_URL": NOBODY},
        CONFIG, 2, "reach", "Prefect API", "unset it",
    ),
    "a table that is not there": (
        {}, CONFIG.replace("public.users", "public.nobody"),
        3, "rights", "field: table", "correct `table`",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "config", "code", "section", "name", "says"), BROKEN.values(), ids=BROKEN
)
def test_what_is_broken_is_a_line_with_what_to_do_and_hides_nothing_else(
    reseal, variables, config, code, section, name, says
):
    if config is None:
        (reseal.directory / "reseal.toml").unlink()
    else:
        reseal.write_config(config)

    ended = reseal.run("doctor", "--json", **variables)

    line = lines(ended, section)[name]
    assert (ended.code, ended.document["exit_code"]) == (code, code), ended.err
    assert line["verdict"] == "refuse"
    assert says in line["value"] + line["remedy"]
    assert SENTINEL not in ended.out + ended.err
    assert "Traceback" not in ended.err
    assert all(ended.document[each] for each in ("versions", "settings", "reach", "rights"))
    bad = [one for each in ("versions", "settings", "reach", "rights")
           for one in ended.document[each] if one["verdict"] != "ok"]  # fmt: skip
    assert all(one["remedy"] for one in bad)


def test_a_person_reads_one_line_each_and_ends_with_a_sentence(reseal, stranger):
    _, url = stranger

    ended = reseal.run("doctor", RESEAL_DATABASE_URL=url, COLUMNS="200")

    assert (ended.code, ended.out) == (3, "")
    assert "GRANT SELECT ON public.users TO" in ended.err
    assert ended.err.splitlines()[-1].startswith("reseal: rights: schema: ")
    assert "password=(not shown)" in ended.err
    assert "\x1b" not in ended.err


def test_where_nothing_was_done_yet_it_says_how_to_begin(reseal, tmp_path):
    (tmp_path / "anew").mkdir()
    fresh = CommandLine(tmp_path / "anew", {**clean_environment(), "PREFECT_API_URL": NOBODY})

    ended = fresh.run("doctor", "--json")

    assert ended.code == 2
    assert lines(ended, "settings")["reseal.toml"]["remedy"] == "write one with `reseal init`"
    assert lines(ended, "reach")["database"]["verdict"] == "warn"
    assert json.loads(ended.out)["message"].startswith("reseal.toml: ")
    assert list(fresh.directory.iterdir()) == []


def test_every_setting_is_known_to_the_doctor():
    assert {name for name in KNOWN if name.startswith("RESEAL_")} == set(SETTINGS)
