"""What preflight refuses: exit code 3, one sentence with the remedy, and nothing changed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from reseal.store.control import hold
from tests.flows.conftest import CONFIG, Ended
from tests.flows.scene import FIELD
from tests.flows.sentences import described, missing, sentence, state

pytestmark = pytest.mark.slow

Change = Callable[[psycopg.Connection], object]


def without_key(connection: psycopg.Connection) -> None:
    connection.execute("CREATE TABLE keyless AS SELECT * FROM users")


def read_only(connection: psycopg.Connection) -> None:
    name = sql.Identifier(connection.info.dbname)
    connection.execute(
        sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name)
    )


def nothing(_connection: psycopg.Connection) -> None:
    pass


REFUSED: dict[str, tuple[Change, str, tuple[str, ...]]] = {
    "a missing table": (
        nothing, described(table="public.nobody"), ("no table public.nobody", "reseal.toml"),
    ),
    "a missing column": (
        nothing, described(column="nope"), ("public.users has no column 'nope'", "reseal.toml"),
    ),
    "a column that is no text": (
        nothing, described(column="id"), ("column 'id' is int8, of which no value can",),
    ),
    "a table without a primary key": (
        without_key, described(table="keyless"), ("public.keyless has no primary key", "key = ["),
    ),
    "a key that is not unique": (
        nothing, CONFIG + 'key = ["mfa_enabled"]\n', ("no unique index covers", "mfa_enabled"),
    ),
    "a condition that is no SQL": (
        nothing, described(where="nonsense ="), ("syntax error", "`where` in reseal.toml"),
    ),
    "a read-only server": (
        read_only, CONFIG, ("server: writable", "read-only", "default_transaction_read_only"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "config", "says"), REFUSED.values(), ids=REFUSED)
def test_check_refuses_with_a_document_and_one_sentence(reseal, users, change, config, says):
    change(users)
    reseal.write_config(config)
    before = state(users)

    ended = reseal.run("check", "--json")
    said = sentence(ended, 3)
    assert missing(says, said) == [], said
    assert ended.document["verdict"] == "refuse"
    assert state(users) == before


@pytest.fixture
def clerk(users: psycopg.Connection) -> Iterator[str]:
    """The name of a role that may connect and nothing else."""
    name = f"clerk_{uuid4().hex[:8]}"
    users.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    yield name
    users.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def test_a_role_without_rights_is_told_which_grant_it_needs(reseal, database, users, clerk):
    as_clerk = make_conninfo(database, user=clerk)
    before = state(users)

    ended = reseal.run("check", "--json", RESEAL_DATABASE_URL=as_clerk)
    assert f"GRANT CREATE ON DATABASE {users.info.dbname} TO {clerk}" in sentence(ended, 3)
    remedies = [check["remedy"] for check in ended.document["checks"]]
    assert f"GRANT UPDATE ON public.users TO {clerk}" in remedies
    said = sentence(reseal.run("status", RESEAL_DATABASE_URL=as_clerk), 2)
    assert "permission denied for table users" in said
    assert state(users) == before


def refused(ended: Ended, *says: str) -> None:
    """Assert that a run was refused, and that its document says why."""
    assert (ended.code, ended.document["outcome"]) == (3, "refused"), ended.err
    assert missing(says, ended.document["message"]) == []
    assert (ended.err.strip(), ended.document["message"].count("\n")) == ("", 0)


def test_a_second_run_is_refused_while_one_is_running(command_line, store, users):
    before = state(users)

    with hold(store, FIELD, uuid4()):
        ended = command_line.run("encrypt", "--json")
    refused(ended, "another run is working on field", FIELD, "reseal stop")
    assert state(users) == before


def test_the_backup_is_not_skipped_outside_development(command_line, users):
    before = state(users)

    ended = command_line.run("encrypt", "--skip-backup", "--json")
    refused(ended, "skipped outside development", "RESEAL_ENVIRONMENT=development")
    assert Path(ended.document["evidence"], "preflight.json").exists()
    assert state(users) == before


def test_a_person_reads_the_refusal_in_one_unbroken_line(command_line, users):
    command_line.write_config(described(table="public.nobody"))
    before = state(users)

    ended = command_line.run("encrypt")
    (line,) = [line for line in ended.err.splitlines() if "preflight refused" in line]
    assert "there is no table public.nobody; correct `table` in reseal.toml" in line
    assert (ended.code, ended.out, "Traceback" in ended.err) == (3, "", False)
    assert state(users) == before
