"""`reseal init`: what it asks of a person, what flags say in her place, and what it never does."""

import json
import sys
from dataclasses import dataclass, field

import pytest

from flows.asking import Asking
from flows.beginning import Wishes, init
from reseal.config import load_config
from reseal.discover import Candidate
from reseal.errors import ConfigurationError
from tests.conftest import SENTINEL
from tests.documents import terminal
from tests.flows.conftest import CommandLine
from tests.flows.sentences import sentence, state

pytestmark = pytest.mark.slow

ROLE = "pg_read_all_data"


@dataclass
class Person:
    """Stands in for a person, and notes what she was asked."""

    role: str | None = None
    days: int | None = None
    overwrites: bool = False
    takes: int | None = None
    asked: list[str] = field(default_factory=list)

    def overwrite(self, path: str) -> bool:
        self.asked.append(path)
        return self.overwrites

    def database(self) -> str | None:
        self.asked.append("database")
        return None

    def column(self) -> tuple[str, str]:
        self.asked.append("column")
        return "public.accounts", "second"

    def chosen(self, found: list[Candidate]) -> list[Candidate]:
        self.asked.append("chosen")
        return found[: self.takes]

    def application(self) -> str | None:
        self.asked.append("application")
        return self.role

    def base_backups_kept_days(self) -> int | None:
        self.asked.append("days")
        return self.days


@pytest.fixture
def reseal(reseal: CommandLine) -> CommandLine:
    (reseal.directory / "reseal.toml").unlink()
    return reseal


@pytest.fixture
def begin(reseal, monkeypatch):
    """`init` in this process, so that somebody can be asked."""
    monkeypatch.setenv("RESEAL_DATABASE_URL", reseal.environment["RESEAL_DATABASE_URL"])
    monkeypatch.chdir(reseal.directory)

    def call(asking: Asking | None, **wishes):
        return init(None, Wishes(**wishes), asking)

    return call


def written(reseal: CommandLine):
    return load_config(reseal.directory / "reseal.toml")


def test_in_a_pipe_nobody_is_asked_and_only_the_file_is_written(reseal, users):
    before = state(users)

    ended = reseal.run("init", "--json")

    assert (ended.code, ended.err) == (0, "")
    assert ended.document["fields"] == ["users.mfa_secret"]
    assert ended.document["next"] == ["reseal doctor", "reseal check"]
    assert written(reseal).application is None
    assert state(users) == before
    assert [path.name for path in reseal.directory.iterdir()] == ["reseal.toml"]
    assert SENTINEL not in (reseal.directory / "reseal.toml").read_text() + ended.out


def test_flags_answer_in_place_of_a_person(reseal):
    ended = reseal.run("init", "--application", ROLE, "--base-backups-kept-days", "14")

    assert ended.code == 0, ended.err
    assert (written(reseal).application, written(reseal).keys.base_backups_kept_days) == (ROLE, 14)


def test_a_file_that_is_there_is_written_over_only_when_told(reseal):
    reseal.write_config("mine\n")

    assert "exists already; edit it, or write over it" in sentence(reseal.run("init"), 2)
    assert (reseal.directory / "reseal.toml").read_text() == "mine\n"
    assert reseal.run("init", "--overwrite").code == 0
    assert written(reseal).fields


WRONG = {
    "a role that is not there": (("--application", "nobody"), "no database role 'nobody'"),
    "days before today": (("--base-backups-kept-days", "-1"), "--base-backups-kept-days"),
    "a table without its column": (("--table", "users"), "--table and --column"),
}


@pytest.mark.parametrize(("words", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_sentence_and_nothing_is_written(reseal, words, says):
    assert says in sentence(reseal.run("init", *words), 2)
    assert list(reseal.directory.iterdir()) == []


def test_what_is_not_set_yet_is_said_as_lines_to_type(reseal):
    ended = reseal.run("init", "--json", RESEAL_KEK="", RESEAL_BACKUP_KEK="")

    steps = ended.document["next"]
    assert steps[0] == "openssl rand -base64 32 > kek && chmod 600 kek"
    assert "export RESEAL_BACKUP_KEK=file:backup_kek" in steps


def test_a_person_is_asked_what_nothing_else_says(begin, reseal):
    person = Person(role=ROLE, days=7)

    begin(person)

    assert person.asked == ["chosen", "application", "days"]
    assert (written(reseal).application, written(reseal).keys.base_backups_kept_days) == (ROLE, 7)


def test_a_person_is_not_asked_what_flags_say(begin):
    person = Person()

    begin(person, application=ROLE, base_backups_kept_days=0)

    assert person.asked == ["chosen"]


def test_of_several_columns_a_person_takes_some(begin, reseal, users):
    users.execute("CREATE TABLE admins (id int PRIMARY KEY, totp_secret text)")

    assert len(begin(Person(takes=1))["fields"]) == 1
    with pytest.raises(ConfigurationError, match="no column was chosen"):
        begin(Person(takes=0, overwrites=True))


def test_a_person_names_the_column_where_none_is_found(begin, reseal, users):
    users.execute("CREATE TABLE accounts (id int PRIMARY KEY, second text); DROP TABLE users")
    person = Person()

    assert begin(person)["fields"] == ["accounts.second"]
    assert person.asked[0] == "column"


def test_before_all_else_a_person_is_asked_whether_her_file_may_go(begin, reseal):
    reseal.write_config("mine\n")
    person = Person()

    with pytest.raises(ConfigurationError, match="exists already"):
        begin(person)
    assert person.asked == [str(reseal.directory / "reseal.toml")]


def test_at_a_terminal_it_asks_and_goes_on_with_what_is_typed(reseal):
    command = [sys.executable, "-m", "reseal.command", "init"]

    screen = terminal.run(
        command, reseal.directory, reseal.environment, 100, typed=f"y\n{ROLE}\nmany\n14\n"
    )

    assert "Seal users.mfa_secret?" in screen
    assert "A number of days, please." in screen
    assert "Look it over." in screen
    assert written(reseal).keys.base_backups_kept_days == 14
    assert json.dumps(ROLE) in (reseal.directory / "reseal.toml").read_text()
