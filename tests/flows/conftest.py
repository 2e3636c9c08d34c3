"""The command line run as a person runs it, against one Prefect server for the session."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.flows.forked import Started, fork

if TYPE_CHECKING:
    from tests.flows.scene import Scene

CONFIG = """
[reseal]
evidence = "evidence"
plots = false

[[field]]
name = "users.mfa_secret"
table = "public.users"
column = "mfa_secret"
"""

# In `--safe` a run rests much longer than a test has time.
BRISK = f"pace.rest = 1\n{CONFIG}"


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document on standard output."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    def part(self, field_name: str) -> dict[str, Any]:
        """What the document says of a field."""
        part: dict[str, Any] = self.document["fields"][field_name]
        return part

    @property
    def run_id(self) -> str:
        """The id of the run that the document is of."""
        return str(self.document["run_id"])


@dataclass
class CommandLine:
    """A working directory with a reseal.toml, and the environment to run commands in.

    With `is_cold` each command is an interpreter of its own, as for a person, or as a service is
    where it `leads_a_session`; else it is forked from one that has imported everything.
    """

    directory: Path
    environment: dict[str, str] = field(repr=False)
    is_cold: bool = False
    program: str = "reseal.command"
    leads_a_session: bool = False

    def run(self, *words: str, timeout: float = 180, **environment: str) -> Ended:
        """Run `reseal` and wait for it; `environment` changes single variables."""
        process = self.start(*words, **environment)
        out, err = process.communicate(timeout=timeout)
        return Ended(process.wait(), out, err)

    def start(self, *words: str, **environment: str) -> Started:
        """Start `reseal` and leave it running."""
        variables = {**self.environment, **environment}
        if not self.is_cold:
            return fork([self.program, *words], self.directory, variables)
        return subprocess.Popen(
            [sys.executable, "-m", self.program, *words],
            cwd=self.directory,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=self.leads_a_session,
        )

    def write_config(self, text: str) -> None:
        """Replace reseal.toml."""
        (self.directory / "reseal.toml").write_text(text)


@pytest.fixture
def command_line(
    database: str, keys: dict[str, str], prefect_api: str, prefect_home: Path, tmp_path: Path
) -> CommandLine:
    """The command line on the test's own database, with keys in the environment."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("RESEAL_")
    }
    environment |= {
        **keys,
        "RESEAL_DATABASE_URL": database,
        "RESEAL_KEK": "env:TEST_KEK",
        "RESEAL_BACKUP_KEK": "env:TEST_BACKUP_KEK",
        "PREFECT_API_URL": prefect_api,
        "PREFECT_HOME": str(prefect_home),
    }
    made = CommandLine(tmp_path, environment)
    made.write_config(CONFIG)
    return made


@pytest.fixture
def users(admin: psycopg.Connection) -> psycopg.Connection:
    """A connection to a table of two users, one with a secret that no output may show."""
    from tests.flows.sentences import enrol_two

    return enrol_two(admin)


@pytest.fixture
def reseal(
    database: str, users: psycopg.Connection, keys: dict[str, str], tmp_path: Path
) -> CommandLine:
    """The command line on that table, where no Prefect server can be reached."""
    from tests.flows.sentences import unserved

    return unserved(database, keys, tmp_path)


@pytest.fixture(scope="session")
def make_scene(
    server: str,
    template: str,
    prefect_api: str,
    prefect_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], "Scene"]]:
    """Make a database, a directory and keys that several tests may share."""
    from tests.flows.scene import new_scene

    with ExitStack() as stack:

        def make() -> "Scene":
            directory = tmp_path_factory.mktemp("scene")
            return stack.enter_context(
                new_scene(server, template, prefect_api, prefect_home, directory)
            )

        yield make
