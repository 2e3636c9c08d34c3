"""The README's own database, step by step, and what the runbook asks and says on it."""

import os
import re
import subprocess
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg.conninfo import make_conninfo

from reseal import guard
from tests.documents.markdown import README, RUNBOOK
from tests.documents.shell import RUN, commands, mentions, programs, words_of
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene

pytestmark = pytest.mark.slow

USERS = 50
SEED = "JBSWY3DPEHPK3PXP"
# What these name is made anew for each time.
ROLES = ("reseal_runner", "app_owner")
GRANTED = """
SELECT count(*) FROM information_schema.role_table_grants
WHERE grantee LIKE 'app%' AND table_schema = 'reseal'
"""
# They look, and say what they see; of those that need no more than a run's id all are asked.
LOOKS = re.compile(
    r"(status|check|doctor|health|score|pool|residue|keys list|quarantine list|audit (list|verify)"
    r"|backup (list|prove RUN)|evidence (list|verify|key|show RUN))$"
)


@dataclass
class Hour:
    """A database of her own, and what each command of the README said to her."""

    scene: Scene
    steps: dict[str, Ended] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    written: str = ""

    @property
    def directory(self) -> Path:
        return self.scene.directory

    @property
    def run_id(self) -> str:
        query = "SELECT run_id::text FROM reseal.run WHERE flow = 'encrypt_secrets'"
        return str(self.scene.ask(query))

    def reseal(self, *words: str) -> Ended:
        line = self.scene.command_line
        return replace(line, environment=line.environment | self.settings).run(*words)

    def type(self, line: str) -> None:
        """Do what a line of the README says; the checkout is set up."""
        ((program, words, _),) = programs([line])
        if program == "reseal":
            self.steps[" ".join(words)] = self.reseal(*words)
        elif program == "export":
            name, _, value = words[0].partition("=")
            if name != "RESEAL_DATABASE_URL":
                self.settings[name] = value
        elif program != "make":
            subprocess.run(line, shell=True, cwd=self.directory, check=True, capture_output=True)


@pytest.fixture(scope="module")
def hour(make_scene: Callable[[], Scene]) -> Hour:
    """All that the README tells her to do, done."""
    scene, part = make_scene(), README.section("Your own database, in ten minutes")
    mark = uuid4().hex[:8]
    (rights,) = part.blocks("sql")
    (words,) = part.blocks("toml")
    scene.enrol([SEED] * USERS)
    with scene.connect() as connection:
        connection.execute(f"CREATE ROLE app_{mark}; CREATE ROLE app_owner_{mark}".encode())
        connection.execute(f"ALTER TABLE users OWNER TO app_owner_{mark}".encode())
        for role in ROLES:
            rights = re.sub(rf"\b{role}\b", f"{role}_{mark}", rights)
        named = f'DATABASE "{connection.info.dbname}"'
        connection.execute(rights.replace("DATABASE app", named).encode())
    hour = Hour(scene)
    runner = make_conninfo(scene.database, user=f"reseal_runner_{mark}")
    hour.settings["RESEAL_DATABASE_URL"] = runner
    scene.directory.joinpath("reseal.toml").unlink()
    for line in commands(part):
        hour.type(line)
        if line.endswith(" init"):
            hour.written = scene.directory.joinpath("reseal.toml").read_text()
            of_hers = words.replace('"app"', f'"app_{mark}"')
            scene.command_line.write_config(of_hers.replace("[reseal]", "[reseal]\nplots = false"))
    return hour


def test_every_step_is_taken_and_ends_well(hour):
    codes = {words: step.code for words, step in hour.steps.items()}

    assert list(codes) == ["init", "doctor", "check", "encrypt --safe", "verify", "status"]
    assert set(codes.values()) == {0}, [step.err for step in hour.steps.values() if step.code]


def test_in_a_pipe_there_is_neither_bar_nor_colour(hour):
    said = "".join(step.out + step.err for step in hour.steps.values())

    assert {"━", "\x1b"} & set(said) == set()


def test_what_init_writes_names_the_field_that_the_readme_shows(hour):
    assert f'name = "{FIELD}"' in hour.written


def test_afterwards_every_secret_is_sealed_and_the_application_has_its_rights(hour):
    assert len(hour.scene.sealed()) == USERS
    assert hour.scene.ask(GRANTED) > 0


def looks() -> list[str]:
    """The commands that README and runbook mention, and that only look."""
    found = [line for page in (README, RUNBOOK) for line in mentions(page)]
    plain = dict.fromkeys(re.sub(r" \[.*", "", line).removeprefix("reseal ") for line in found)
    return [line for line in plain if LOOKS.match(line)]


@pytest.mark.parametrize("line", looks())
def test_a_command_that_looks_finds_all_well(hour, line):
    words = words_of(f"reseal {line}")
    ended = hour.reseal(*(hour.run_id if word == RUN else word for word in words))

    assert ended.code == 0, ended.err


def raise_guard(hour: Hour) -> None:
    with hour.scene.library() as (access, store):
        guard.raise_guard(store, access.target(store, FIELD))


def does(hour: Hour, title: str) -> None:
    """Run the SQL of a section of the runbook."""
    (block,) = RUNBOOK.section(title).blocks("sql")
    with hour.scene.connect() as connection:
        connection.execute(block.encode())


def test_one_users_second_factor_goes_as_the_runbook_says_though_the_guard_stands(hour):
    raise_guard(hour)
    does(hour, "One user's second factor")

    assert hour.scene.stored()[42] is None
    assert len(hour.scene.sealed()) == USERS - 1


def test_with_the_kek_lost_one_begins_anew_as_the_runbook_says(hour):
    (hour.directory / "kek").write_text(b64encode(os.urandom(32)).decode())
    assert hour.reseal("check").code == 2
    does(hour, "A key that is lost")
    with hour.scene.connect() as connection:
        # There is no guard, no shield and no key: who enrols does so in the clear.
        connection.execute("UPDATE users SET mfa_secret = %s", [SEED])

    assert hour.reseal("check").code == 0
    # What signed there was wrapped by the KEK that is lost.
    hour.settings["RESEAL_EVIDENCE"] = "evidence-anew"
    ended = hour.reseal("encrypt")
    assert (ended.code, len(hour.scene.sealed())) == (0, USERS), ended.err
