"""Without any setting: the embedded server, Prefect's own, and nothing outside the directory.

From cold starts, because each command must find its settings and bring up a server for itself.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from flows.server import LocalServer, prepare_home
from reseal.embedded import start_server
from reseal.envelope import PREFIX
from tests.conftest import USERS
from tests.flows.conftest import CommandLine, Ended
from tests.flows.scene import FIELD, clean_environment, stop_server, wait_until

pytestmark = pytest.mark.slow

ROWS = 500
# Runs at the start of each interpreter, and writes down whom it asks for and where it connects.
LISTENER = """
import os, sys
from pathlib import Path

def listen(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        heard.write(arguments[1][0] + "\\n")
    if event == "socket.getaddrinfo":
        heard.write(str(arguments[0]) + "\\n")

heard = Path(__file__).with_name(f"{os.getpid()}.heard").open("a", buffering=1)
sys.addaudithook(listen)
"""


@dataclass(frozen=True)
class Trial:
    """What someone who tries Reseal out has done: three commands in an empty directory."""

    directory: Path
    home: Path
    url: str
    listener: Path
    init: Ended
    encrypt: Ended
    status: Ended

    @property
    def state(self) -> Path:
        return self.directory / ".reseal"


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    directory, home = tmp_path_factory.mktemp("trial"), tmp_path_factory.mktemp("home")
    ours = ("PREFECT_", "XDG_", "DO_NOT_TRACK", "GX_")
    environment = {
        name: text for name, text in clean_environment().items() if not name.startswith(ours)
    }
    listener = tmp_path_factory.mktemp("listener")
    (listener / "sitecustomize.py").write_text(LISTENER)
    paths = [str(listener), *filter(None, [environment.get("PYTHONPATH")])]
    environment |= {"HOME": str(home), "PYTHONPATH": os.pathsep.join(paths)}
    run = CommandLine(directory, environment, is_cold=True).run
    url = start_server(directory / ".reseal" / "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(USERS.encode())
        connection.execute(
            "INSERT INTO users (email, mfa_secret) SELECT n || '@example.com', 'JBSWY3DPEHPK3PXP' "
            "FROM generate_series(1, %s) AS n",
            [ROWS],
        )
    words = ("init", "encrypt", "status")
    yield Trial(directory, home, url, listener, *(run(word, "--json") for word in words))
    stop_server(directory / ".reseal" / "postgres")


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_everything_is_sealed_without_a_setting(trial: Trial) -> None:
    assert (trial.init.code, trial.init.document["fields"]) == (0, [FIELD])
    assert trial.encrypt.code == 0, trial.encrypt.err
    part = trial.encrypt.part(FIELD)
    assert part["after"]["sealed"] == {"1": ROWS}
    with psycopg.connect(trial.url) as connection:
        rows = connection.execute("SELECT mfa_secret FROM users").fetchall()
    assert all(text.startswith(PREFIX) for (text,) in rows)
    assert trial.status.part(FIELD) == part["after"]


def test_nothing_is_written_to_the_home_directory(trial: Trial) -> None:
    assert list(trial.home.iterdir()) == []


def test_nothing_is_asked_for_beyond_this_machine(trial: Trial) -> None:
    heard = [path.read_text().split() for path in trial.listener.glob("*.heard")]

    assert len(heard) > 3, "a command, its server and its workers"
    assert {name for names in heard for name in names} == {"127.0.0.1"}


def test_all_state_is_in_one_directory_and_the_keys_are_the_owners_alone(trial: Trial) -> None:
    assert {path.name for path in trial.directory.iterdir()} == {
        ".reseal", "evidence", "reseal.toml",
    }  # fmt: skip
    names = {"postgres", "prefect", "kek", "backup_kek"}
    assert {path.name for path in trial.state.iterdir()} == names
    assert {mode(trial.state / name) for name in ("kek", "backup_kek")} == {"0o600"}
    assert (trial.state / "kek").read_bytes() != (trial.state / "backup_kek").read_bytes()


def test_a_first_use_warns_about_the_key_files_once(trial: Trial) -> None:
    warning = "they are for trying out"
    assert trial.encrypt.err.count(warning) == 1
    for name in ("kek", "backup_kek"):
        assert str(trial.state / name) in trial.encrypt.err
    assert warning not in trial.status.err


def test_no_process_is_left_but_the_database(trial: Trial) -> None:
    left = [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and is_about(process, trial.directory)
    ]
    assert [process.name() for process in left if process.name() != "postgres"] == []
    assert left, "the database itself should be found"


def test_what_prefect_remembers_is_pruned_after_its_time(trial: Trial) -> None:
    history = trial.state / "prefect" / "prefect.db"
    with closing(sqlite3.connect(history, timeout=20)) as connection:
        assert remembered(connection) == 1
        connection.execute("UPDATE flow_run SET end_time = datetime(end_time, '-31 days')")
        connection.commit()
        with patch.dict(os.environ):
            os.environ.pop("PREFECT_HOME", None)
            prepare_home(trial.state)
            server = LocalServer()
        try:
            wait_until(lambda: not remembered(connection))
        finally:
            server.close()


def remembered(connection: sqlite3.Connection) -> int:
    """How many flow runs Prefect's server knows."""
    return int(connection.execute("SELECT count(*) FROM flow_run").fetchone()[0])


def is_about(process: psutil.Process, directory: Path) -> bool:
    """Whether a process works in a directory or was started with its name."""
    try:
        return str(directory) in " ".join([process.cwd(), *process.cmdline()])
    except psutil.Error:
        return False
