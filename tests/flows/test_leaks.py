"""A planted secret, looked for wherever a run writes: it may be in none of these places.

From cold starts, so that what a run writes while it imports and while it is taken apart is there.
"""

import re
import sqlite3
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reseal.embedded import start_server
from reseal.errors import Transient
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn
from reseal.sweep.write import Turned, TurnedRows, write
from tests.conftest import SENTINEL, USERS
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Meanwhile, Scene, scene_on, stop_server

pytestmark = pytest.mark.slow

# Stands beside the secret in a row that the database refuses. PostgreSQL quotes that row in its
# error, so the client is told this text and the server's own log holds it; nothing of ours may.
NOTE = "QUOTEDINTHEDETAILOFTHEERROR"
PLANTED, CORRUPTED, REFUSED, UNRECOGNISED = range(1, 11), 11, 12, 13

# Preflight tries constraints in a transaction that only reads, so this one deceives it.
REFUSES = """
CREATE FUNCTION accepts(note text, secret text) RETURNS boolean LANGUAGE sql AS $$
    SELECT note IS NULL OR NOT starts_with(secret, 'eyJ')
        OR current_setting('transaction_read_only')::boolean $$;
ALTER TABLE users ADD COLUMN note text, ADD CONSTRAINT accepted CHECK (accepts(note, mfa_secret));
"""
# Not a fault of the row, by its code: the sweep does not go on, and the run fails with this error.
FAILS = """
CREATE FUNCTION quote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'not this one: %', NEW USING ERRCODE = 'XX000', DETAIL = NEW, HINT = NEW;
END $$;
CREATE TRIGGER quote BEFORE UPDATE ON users FOR EACH ROW WHEN (NEW.note IS NOT NULL)
    EXECUTE FUNCTION quote();
"""
TALKATIVE = """
ALTER SYSTEM SET log_statement = 'all';
ALTER SYSTEM SET log_min_duration_statement = 0;
ALTER SYSTEM SET log_min_messages = 'debug1';
ALTER SYSTEM SET log_min_error_statement = 'debug1';
ALTER SYSTEM SET log_error_verbosity = 'verbose';
ALTER SYSTEM SET log_parameter_max_length_on_error = -1;
ALTER SYSTEM SET log_line_prefix = '%p %a ';
ALTER SYSTEM SET log_autovacuum_min_duration = 0
"""


def spellings(text: str) -> list[bytes]:
    """How a text can show: as it is, in other case, in hex, in base64 at any offset."""
    shown = [text, text.lower(), text.encode().hex()]
    shown += [b64encode(b" " * by + text.encode()).decode()[4:-4] for by in range(3)]
    return [each.encode() for each in shown]


def has(text: str, content: bytes) -> bool:
    """Whether any spelling of a text stands in some bytes."""
    return any(spelling in content for spelling in spellings(text))


@dataclass
class Places:
    """Everything that was written, by the name of the place."""

    texts: dict[str, bytes] = field(default_factory=dict)

    def holding(self, text: str) -> list[str]:
        """The places in which some spelling of a text stands."""
        return sorted(name for name, content in self.texts.items() if has(text, content))

    def add_output(self, name: str, ended: Ended) -> None:
        self.texts[f"{name} stdout"] = ended.out.encode()
        self.texts[f"{name} stderr"] = ended.err.encode()

    def add_files(self, name: str, directory: Path) -> None:
        """Every file under a directory, and each value of those that are SQLite databases."""
        for path in sorted(directory.rglob("*")):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                self.texts[f"{name} {path.relative_to(directory)}"] = content
                if content.startswith(b"SQLite format 3"):
                    self.add_database(f"{name} {path.name}", path)

    def add_database(self, name: str, path: Path) -> None:
        # Long values are cut into pages, so a search of the file alone could miss one.
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            tables = [
                row[0]
                for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            for table in tables:
                rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
                self.texts[f"{name} table {table}"] = repr(rows).encode()


@dataclass
class Leaks:
    """The scene after all commands, what they wrote, and what the server logged."""

    scene: Scene
    ended: dict[str, Ended]
    places: Places
    log: Path


@pytest.fixture(scope="module")
def talkative() -> Iterator[tuple[str, Path]]:
    """A server of its own that logs all it can; its URL and its log."""
    with tempfile.TemporaryDirectory(prefix="reseal-log-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        data = Path(made).resolve() / "data"
        yield start_server(data), data / "log"
        stop_server(data)


@pytest.fixture(scope="module")
def leaks(
    talkative: tuple[str, Path],
    prefect_api: str,
    prefect_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Leaks:
    """Runs that end in every way, a verification, and all that they left behind."""
    url, log = talkative
    directory, temporary = tmp_path_factory.mktemp("leaks"), tmp_path_factory.mktemp("temporary")
    scene = scene_on(url, prefect_api, prefect_home, directory)
    scene.command_line.is_cold = True
    plant(scene)
    scene.command_line.environment |= {
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PREFECT_LOGGING_ROOT_LEVEL": "DEBUG",
        "TMPDIR": str(temporary),
    }
    run, meanwhile = scene.command_line.run, Meanwhile()
    ended = {"check": run("check")}
    with scene.connect() as connection:
        connection.execute(FAILS)
        ended["failed"] = run("encrypt", "--json", RESEAL_LOG="json")
        connection.execute("DROP TRIGGER quote ON users")
    with meanwhile.does(meanwhile.corrupts(scene, CORRUPTED)):
        ended["rolled back"] = run("encrypt", "--json")
    ended |= {
        "sealed": run("encrypt"),
        "verified": run("verify", "--json", RESEAL_LOG="console"),
        "watched": replace(scene.command_line, program="tests.flows.watch_often").run("1"),
        "health": run("health", "--json"),
        "listed": run("quarantine", "list"),
        "retried": run("quarantine", "retry", "--json"),
        "status": run("status"),
    }
    places = Places()
    for name, one in ended.items():
        places.add_output(name, one)
    places.add_files("directory", directory)
    places.add_files("temporary", temporary)
    places.add_files("prefect", prefect_home)
    return Leaks(scene, ended, places, log)


def plant(scene: Scene) -> None:
    """Fill the table, then let the server log: what it logged before is not a run's doing."""
    with scene.connect() as connection:
        connection.execute(USERS.encode())
        connection.execute(REFUSES)
    scene.enrol([SENTINEL] * 12 + [f"{SENTINEL}!", None] + ["JBSWY3DPEHPK3PXP"] * 286)
    with psycopg.connect(scene.database, autocommit=True) as connection:
        connection.execute("UPDATE users SET note = %s WHERE id = %s", [NOTE, REFUSED])
        for setting in TALKATIVE.split(";"):
            connection.execute(setting.encode())
        connection.execute("SELECT pg_reload_conf()")


def shown(leaks: Leaks, name: str) -> bytes:
    """What Prefect's API tells of a run: its record, states, tasks, logs and artifacts."""
    run_id, scene = leaks.ended[name].run_id, leaks.scene
    parts: list[Any] = [scene.api(f"flow_runs/{run_id}")]
    parts.append(scene.api(f"flow_run_states/?flow_run_id={run_id}"))
    parts += [scene.of_run(what, run_id) for what in ("task_runs", "logs", "artifacts")]
    return repr(parts).encode()


def test_the_runs_went_the_ways_that_are_to_be_searched(leaks: Leaks) -> None:
    codes = {name: one.code for name, one in leaks.ended.items()}
    expected = {"failed": 1, "rolled back": 5, "sealed": 4, "verified": 4, "retried": 4}
    expected |= dict.fromkeys(("check", "listed", "status", "watched", "health"), 0)
    assert codes == expected
    message = leaks.ended["failed"].document["message"]
    assert message == "the database said: InternalError_ (XX000)"
    part = leaks.ended["rolled back"].part(FIELD)
    assert part["before"]["plain"] == part["after"]["plain"] == 298
    reasons = leaks.scene.ask("SELECT array_agg(reason ORDER BY row_key) FROM reseal.quarantine")
    assert reasons == ["refused by the database (23514)", "not a secret in the field's format"]
    sealed = leaks.scene.opened()
    assert {sealed[key] for key in PLANTED} == {sealed[CORRUPTED]} == {SENTINEL}


def test_no_output_file_or_database_of_ours_holds_the_secret(leaks: Leaks) -> None:
    assert leaks.places.holding(SENTINEL) == []
    assert leaks.places.holding(SENTINEL[: len(SENTINEL) // 2]) == []


def test_no_output_file_or_database_of_ours_holds_the_row_that_an_error_quoted(
    leaks: Leaks,
) -> None:
    assert leaks.places.holding(NOTE) == []


def test_prefects_api_shows_neither(leaks: Leaks) -> None:
    for name in ("failed", "rolled back", "verified"):
        content = shown(leaks, name)
        assert not has(SENTINEL, content)
        assert not has(NOTE, content)


def test_the_servers_log_does_not_hold_the_secret(leaks: Leaks) -> None:
    assert not has(SENTINEL, leaks.log.read_bytes())
    assert not has(SENTINEL[: len(SENTINEL) // 2], leaks.log.read_bytes())


def test_a_cancelled_restore_shows_no_line_of_what_it_was_writing(leaks: Leaks) -> None:
    turned = TurnedRows.of([Turned("3", (number,), SENTINEL) for number in range(300_000)])
    with leaks.scene.library() as (access, store):
        target = access.target(store, FIELD)
        store.execute("SET statement_timeout = '50ms'")
        with pytest.raises(Transient) as raised, store.transaction():
            write(store, target, Turn.UNSEAL, Span(0, 1), turned)
    assert raised.value.sqlstate == "57014"
    log = leaks.log.read_bytes()
    # The server tells in which line of a COPY it was; of a COPY in text also what the line says.
    assert b"COPY reseal_turned, line" in log
    assert not has(SENTINEL, log)


def test_the_search_finds_what_is_there(leaks: Leaks) -> None:
    run_id = leaks.ended["rolled back"].run_id
    found = leaks.places.holding(run_id)
    assert "rolled back stdout" in found
    assert "rolled back stderr" in found
    evidence = f"directory evidence/{run_id}"
    assert f"{evidence}/run.json" in found
    assert any(name.startswith(f"{evidence}/expectations") for name in found)
    tables = {name.split()[-1] for name in found if "prefect.db table" in name}
    assert tables >= {"flow_run", "flow_run_state", "task_run", "artifact", "log"}
    assert has(run_id, shown(leaks, "rolled back"))


def test_the_servers_log_holds_statements_parameters_and_errors(leaks: Leaks) -> None:
    log = leaks.log.read_bytes()
    assert has(leaks.ended["verified"].run_id, log)
    envelopes = leaks.scene.sealed()
    assert envelopes[1].encode() in log
    assert b"COPY pg_temp.reseal_turned FROM STDIN" in log
    assert re.search(rb"DETAIL:  Failing row contains .*" + NOTE.encode(), log)
    assert re.search(rb"ERROR:  XX000: not this one: .*" + NOTE.encode(), log)


def test_the_search_finds_every_spelling() -> None:
    for spelled in (SENTINEL, SENTINEL.lower(), SENTINEL.encode().hex()):
        assert has(SENTINEL, f"before {spelled} after".encode())
    for by in range(3):
        assert has(SENTINEL, b64encode(b"x" * by + SENTINEL.encode() + b"after"))
    assert not has(SENTINEL, SENTINEL[:-1].encode())
