"""What the tests of bad input share: a command line that must say no, and what it says."""

from pathlib import Path

import psycopg

from tests.conftest import SENTINEL
from tests.flows import forked
from tests.flows.conftest import CONFIG, CommandLine, Ended
from tests.flows.scene import FIELD, clean_environment

# None is needed to say no.
NOBODY = forked.NOBODY
UNKNOWN_RUN = "00000000-0000-4000-8000-000000000000"

STATE = """
SELECT (SELECT array_agg(nspname ORDER BY nspname) FROM pg_namespace),
       (SELECT array_agg((attname, atttypid, atttypmod, attstattarget)::text)
        FROM pg_attribute WHERE attrelid = 'users'::regclass),
       (SELECT array_agg((u.xmin, u.*)::text ORDER BY id) FROM users AS u)
"""


def enrol_two(connection: psycopg.Connection) -> psycopg.Connection:
    """Two users, one with a secret that no output may show."""
    connection.execute(
        "INSERT INTO users (email, mfa_secret) VALUES ('ada', %s), ('bob', NULL)", [SENTINEL]
    )
    return connection


def unserved(database: str, keys: dict[str, str], directory: Path) -> CommandLine:
    """The command line where no Prefect server can be reached."""
    environment = {
        **clean_environment(),
        **keys,
        "RESEAL_DATABASE_URL": database,
        "RESEAL_KEK": "env:TEST_KEK",
        "RESEAL_BACKUP_KEK": "env:TEST_BACKUP_KEK",
        "PREFECT_API_URL": NOBODY,
    }
    made = CommandLine(directory, environment)
    made.write_config(CONFIG)
    return made


def state(connection: psycopg.Connection) -> object:
    """The schemas, the columns of the table and every version of its rows."""
    return connection.execute(STATE).fetchone()


def sentence(ended: Ended, code: int) -> str:
    """The one line on standard error of a command that ended with this code."""
    lines = ended.err.splitlines()
    assert (ended.code, len(lines)) == (code, 1), ended.err
    assert lines[0].startswith("reseal: ")
    assert SENTINEL not in ended.err + ended.out
    return lines[0]


def missing(says: tuple[str, ...], said: str) -> list[str]:
    """What should have been said and was not."""
    return [text for text in says if text not in said]


def described(**words: str) -> str:
    """A reseal.toml with one field, described otherwise."""
    said = {"name": FIELD, "table": "public.users", "column": "mfa_secret"} | words
    return "[[field]]\n" + "".join(f'{word} = "{text}"\n' for word, text in said.items())
