"""Tables that no command may touch: each is refused with its reason, and stays as it is."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from reseal.preflight.check import Report
from tests.flows.conftest import Ended
from tests.flows.scene import Scene, scene_on
from tests.schemas.journey import database, quiet, toml
from tests.schemas.library import Library
from tests.schemas.plainly import plainly
from tests.schemas.refused import HIDDEN, REFUSED
from tests.schemas.schema import Refused
from tests.schemas.servers import NEWEST, OLDER, Servers, both, need
from tests.schemas.values import Dice, base32s

pytestmark = pytest.mark.slow

GOOD = plainly("good", "text", "", "", base32s(Dice.of("good")))

# What a table is, and how its rows are read: with their versions, where it has any.
CATALOG = """
SELECT (SELECT array_agg((attname, atttypid, atttypmod, attstattarget)::text ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0),
       (SELECT array_agg(pg_get_indexdef(indexrelid) ORDER BY indexrelid)
        FROM pg_index WHERE indrelid = c.oid),
       (SELECT array_agg((conname, pg_get_constraintdef(oid))::text ORDER BY oid)
        FROM pg_constraint WHERE conrelid = c.oid),
       (SELECT array_agg((tgname, tgenabled)::text ORDER BY oid)
        FROM pg_trigger WHERE tgrelid = c.oid),
       CASE WHEN relkind IN ('r', 'p') THEN '(t.xmin, t)::text' ELSE 't::text' END
FROM pg_class c WHERE c.oid = %s::regclass
"""

State = dict[str, object]


@dataclass
class Refusals:
    """A database of such tables and one good one, and what was said of them."""

    scene: Scene
    before: State
    report: Report
    hidden: Report
    said: dict[str, Ended] = field(default_factory=dict)
    after: dict[str, State] = field(default_factory=dict)

    def go(self, step: str, *words: str) -> None:
        """Run a command and look at the tables."""
        self.said[step] = self.scene.command_line.run(*words, "--json")
        self.after[step] = state(self.scene)


@pytest.fixture(scope="module")
def servers(server: str) -> Iterator[Servers]:
    """Both servers, or the session's alone."""
    with both(server) as found:
        yield found


@contextmanager
def clerk(server: str) -> Iterator[str]:
    """The name of a role that owns nothing and that policies bind."""
    name = f"schemas_clerk_{uuid4().hex[:8]}"
    role = sql.Identifier(name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        yield name
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.fixture(scope="module")
def refusals(
    servers: Servers, prefect_api: str, prefect_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, "Future[Refusals]"]]:  # fmt: skip
    """What each server's tables are told, at once."""
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        found = {}
        for name, server in servers.items():
            role = stack.enter_context(clerk(server))
            url = stack.enter_context(database(server))
            scene = scene_on(url, prefect_api, prefect_home, tmp_path_factory.mktemp("refused"))
            found[name] = pool.submit(ask, scene, role)
        yield found


def ask(scene: Scene, role: str) -> Refusals:
    """Make the tables, ask the checks, and run what must not run."""
    with quiet(scene.database) as connection:
        for ddl in (GOOD.ddl, *(table.ddl for table in (*REFUSED, HIDDEN))):
            connection.execute(ddl.encode())
        rows = [(number, note, str(text)) for number, note, text in GOOD.rows]
        connection.cursor().executemany("INSERT INTO good VALUES (%s, %s, %s)", rows)
        grant = sql.SQL("GRANT SELECT, UPDATE ON hidden_rows TO {}")
        connection.execute(grant.format(sql.Identifier(role)))
        connection.execute("ANALYZE")
    fields = [(table.name, table.qualified, described(table)) for table in REFUSED]
    good = [(GOOD.name, GOOD.qualified, {"column": "secret"})]
    hidden = preflight(scene, toml([(HIDDEN.name, HIDDEN.qualified, described(HIDDEN))]), role)
    report = preflight(scene, toml(fields))
    made = Refusals(scene, state(scene), report, hidden)
    made.go("check", "check")
    made.go("encrypt", "encrypt")
    scene.command_line.write_config(toml([*good, *fields]))
    made.go("the rest", "encrypt", "--skip-refused")
    return made


def described(table: Refused) -> dict[str, object]:
    """The words of its field."""
    return {"column": "secret"} | dict(table.words)


def preflight(scene: Scene, config: str, role: str | None = None) -> Report:
    """What the checks say to the owner, or to another role."""
    scene.command_line.write_config(config)
    asked = replace(scene, database=make_conninfo(scene.database, user=role)) if role else scene
    with asked.library() as (access, store), scene.connect() as application:
        return Library(access, store, application).check()


def state(scene: Scene) -> State:
    """What each table is and holds."""
    with quiet(scene.database) as connection:
        return {table.name: _one(connection, table) for table in (*REFUSED, HIDDEN)}


def _one(connection: psycopg.Connection, table: Refused) -> object:
    *catalog, read = connection.execute(CATALOG, [table.qualified]).fetchone() or ()
    rows = connection.execute(f"SELECT {read} FROM {table.qualified} AS t ORDER BY 1".encode())
    return catalog, rows.fetchall()


EACH = pytest.mark.parametrize(
    ("server_name", "table"),
    [
        pytest.param(server, table, id=f"{server}-{table.name}")
        for server in (NEWEST, OLDER)
        for table in (*REFUSED, HIDDEN)
    ],
)
SERVER = pytest.mark.parametrize("server_name", [NEWEST, OLDER])


@EACH
def test_each_table_is_refused_with_its_reason(refusals, servers, server_name, table):
    need(servers, server_name)
    asked = refusals[server_name].result()
    report = asked.hidden if table is HIDDEN else asked.report
    refused = [check for check in report.refused if check.field == table.name]
    said = {check.name: f"{check.value}; {check.remedy}" for check in refused}
    assert table.says in said.get(table.check, ""), said


@EACH
def test_no_command_changes_it(refusals, servers, server_name, table):
    need(servers, server_name)
    asked = refusals[server_name].result()
    for step, after in asked.after.items():
        assert after[table.name] == asked.before[table.name], step


@SERVER
def test_check_and_encrypt_end_with_the_refusal_in_one_sentence(refusals, servers, server_name):
    need(servers, server_name)
    said = refusals[server_name].result().said
    assert (said["check"].code, said["check"].document["verdict"]) == (3, "refuse")
    assert (said["encrypt"].code, said["encrypt"].document["outcome"]) == (3, "refused")
    assert said["encrypt"].document["message"].startswith("preflight refused: ")


@SERVER
def test_without_them_the_good_table_is_sealed(refusals, servers, server_name):
    need(servers, server_name)
    rest = refusals[server_name].result().said["the rest"]
    assert (rest.code, rest.document["outcome"]) == (0, "done")
    assert rest.part(GOOD.name)["changed"] == len(GOOD.rows)
    sealed = {name for name, part in rest.document["fields"].items() if part["changed"]}
    assert sealed == {GOOD.name}
