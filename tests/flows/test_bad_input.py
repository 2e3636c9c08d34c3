"""Bad input gets one clear sentence and the right exit code, and changes nothing."""

import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from reseal.embedded import start_server
from tests.conftest import SENTINEL
from tests.flows.conftest import CONFIG
from tests.flows.scene import stop_server, wait_until
from tests.flows.sentences import UNKNOWN_RUN, described, missing, sentence, state

pytestmark = pytest.mark.slow

RUNS = (
    *(("encrypt",), ("rotate",), ("verify",), ("rollback", UNKNOWN_RUN)),
    *(("optimise",), ("residue", "--clean")),
)
ALL = (*RUNS, ("check",), ("status",), ("score",), ("residue",))


@dataclass(frozen=True)
class Bad:
    """An input that is wrong, and what the sentence about it must say."""

    says: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...] = (("encrypt",),)
    config: str = CONFIG
    environment: dict[str, str] = field(default_factory=dict)


def key_of(size: int) -> str:
    return b64encode(bytes(size)).decode()


WRONG_USE = {
    "an unreachable database": Bad(
        ("127.0.0.1:1", "Connection refused", "RESEAL_DATABASE_URL"),
        (*ALL, ("init", "--overwrite")),
        environment={"RESEAL_DATABASE_URL": f"postgresql://ada:{SENTINEL}@127.0.0.1:1/x"},
    ),
    "a server that has no name": Bad(
        ("nowhere.invalid", "RESEAL_DATABASE_URL"),
        environment={"RESEAL_DATABASE_URL": f"postgresql://ada:{SENTINEL}@nowhere.invalid/x"},
    ),
    "a URL of another kind": Bad(
        ("RESEAL_DATABASE_URL is not a PostgreSQL URL",),
        (("encrypt",), ("status",)),
        environment={"RESEAL_DATABASE_URL": f"mysql://ada:{SENTINEL}@localhost/x"},
    ),
    "a malformed URL": Bad(
        ("RESEAL_DATABASE_URL is not a PostgreSQL URL",),
        environment={"RESEAL_DATABASE_URL": f"postgresql://ada:{SENTINEL}@[::1/x"},
    ),
    "no KEK": Bad(
        ("RESEAL_KEK is not set",), (*RUNS, ("check",)), environment={"RESEAL_KEK": ""}
    ),
    "no backup KEK": Bad(
        ("RESEAL_BACKUP_KEK is not set",), environment={"RESEAL_BACKUP_KEK": ""}
    ),
    "a KEK in a variable that is not set": Bad(
        ("the environment variable NOWHERE is not set",),
        (("encrypt",), ("check",)),
        environment={"RESEAL_KEK": "env:NOWHERE"},
    ),
    "a KEK in place of its URI": Bad(
        ("RESEAL_KEK", "file:, env:"), environment={"RESEAL_KEK": SENTINEL}
    ),
    "a KEK that is too short": Bad(
        ("the environment variable TEST_KEK does not hold a key", "32 bytes", "openssl rand"),
        (("encrypt",), ("check",)),
        environment={"TEST_KEK": key_of(16)},
    ),
    "a backup KEK that is no base64": Bad(
        ("TEST_BACKUP_KEK does not hold a key", "32 bytes"),
        environment={"TEST_BACKUP_KEK": f"{SENTINEL}!"},
    ),
    "a key file that is missing": Bad(
        ("file:/nowhere/kek", "No such file"), environment={"RESEAL_KEK": "file:/nowhere/kek"}
    ),
    "no TOML": Bad(
        ("reseal.toml is not valid TOML", "line 2"),
        (("encrypt",), ("check",), ("status",)),
        config="[[field]]\nname = users.mfa_secret\n",
    ),
    "a configuration without fields": Bad(("no [[field]]",), config="[reseal]\n"),
    "an unknown word in the configuration": Bad(
        ("reseal.toml", "unknown word 'colum' in field 'users.mfa_secret'", "column"),
        config=described(colum="x"),
    ),
    "an unknown table in the configuration": Bad(
        ("unknown word 'fields' at the top",), config="[fields]\n" + CONFIG
    ),
    "a format that does not exist": Bad(
        ("format", "base32"), config=described(format="base33")
    ),
    "a configuration that is missing": Bad(
        ("elsewhere.toml cannot be read", "No such file", "reseal init"),
        (("encrypt", "--config", "elsewhere.toml"), ("check", "--config", "elsewhere.toml")),
    ),
    "a field that does not exist": Bad(
        ("there is no field 'nobody'", "it has users.mfa_secret"),
        (("encrypt", "--field", "nobody"), ("verify", "--field", "nobody"),
         ("check", "--field", "nobody")),
    ),
    "two modes at once": Bad(
        ("--safe and --aggressive", "choose one"), (("encrypt", "--safe", "--aggressive"),)
    ),
    "an option that does not exist": Bad(
        ("--agressive", "--aggressive", "reseal encrypt --help"), (("encrypt", "--agressive"),)
    ),
    "a command that does not exist": Bad(("'encript'", "'encrypt'"), (("encript",),)),
    "an argument too many": Bad(("extra",), (("check", "extra"),)),
    "an argument too few": Bad(("Missing argument 'run'",), (("rollback",),)),
    "an option without its value": Bad(("--config",), (("status", "--config"),)),
    "what is no key version": Bad(
        ("Invalid value for 'version'", "a valid integer", "reseal keys activate --help"),
        (("keys", "activate", "two"),),
    ),
    "a command on keys that does not exist": Bad(("'rotate'",), (("keys", "rotate"),)),
    "a period of no days": Bad(
        ("reseal.toml", "disabled_days in [keys] must be a number of days from 7"),
        (("keys", "list"),),
        CONFIG + "[keys]\ndisabled_days = 6\n",
    ),
    "what is no run id": Bad(("'x' is not a run id", "reseal status"), (("rollback", "x"),)),
    "a run that never was": Bad(
        (f"there is no run {UNKNOWN_RUN}", "reseal status"), (("rollback", UNKNOWN_RUN),)
    ),
    "a verification of what was never encrypted": Bad(
        ("no data key", "reseal encrypt"), (("verify",), ("verify", "--json"))
    ),
    "a rotation of what was never encrypted": Bad(
        ("no data key", "reseal encrypt"), (("rotate",), ("rotate", "--assume-readers-ready"))
    ),
    "a table that status cannot count": Bad(
        ("there is no table public.nobody",), (("status",),), described(table="public.nobody")
    ),
    "a Prefect API that does not answer": Bad(("PREFECT_API_URL", "unset")),
}  # fmt: skip

CASES = [
    pytest.param(words, bad, id=f"{name}: {' '.join(words[:2])}")
    for name, bad in WRONG_USE.items()
    for words in bad.commands
]


@pytest.mark.parametrize(("words", "bad"), CASES)
def test_wrong_use_is_told_in_one_sentence_and_changes_nothing(reseal, users, words, bad):
    reseal.write_config(bad.config)
    before = state(users)

    ended = reseal.run(*words, **bad.environment)
    said = sentence(ended, 2)
    assert missing(bad.says, said) == [], said
    assert ended.out == ""
    assert state(users) == before


def test_a_key_file_that_others_may_read_is_not_used(reseal, tmp_path):
    kek = tmp_path / "kek"
    kek.write_bytes(os.urandom(32))
    kek.chmod(0o640)

    said = sentence(reseal.run("encrypt", RESEAL_KEK=f"file:{kek}"), 2)
    assert "open to others" in said
    assert "chmod 600" in said


def test_a_configuration_that_is_not_text_is_named(reseal, tmp_path):
    (tmp_path / "reseal.toml").write_bytes(b"\xff\xfe")

    assert "reseal.toml is not UTF-8 text" in sentence(reseal.run("check"), 2)


@pytest.mark.parametrize("words", [*RUNS, ("check",)], ids=lambda words: words[0])
def test_a_kek_that_did_not_wrap_the_stored_keys_is_refused(reseal, store, users, words):
    before = state(users)

    said = sentence(reseal.run(*words, TEST_KEK=key_of(32)), 2)
    assert "env:TEST_KEK does not open the stored data keys" in said
    assert state(users) == before


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that wants a password of its role `locked`, and a URL with the wrong one."""
    directory = tmp_path_factory.mktemp("locked")
    for parent in (directory, *directory.parents[:2]):
        parent.chmod(0o755)
    url = start_server(directory / "data")
    rules = directory / "data" / "pg_hba.conf"
    rules.write_text("local all locked scram-sha-256\n" + rules.read_text())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
        connection.execute("SELECT pg_reload_conf()")
    wrong = make_conninfo(url, user="locked", password=SENTINEL)
    wait_until(lambda: not lets_in(wrong))
    yield wrong
    stop_server(directory / "data")


def lets_in(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.parametrize("words", ALL, ids=lambda words: words[0])
def test_a_wrong_password_is_told_without_the_password(reseal, locked, words):
    said = sentence(reseal.run(*words, RESEAL_DATABASE_URL=locked), 2)

    assert 'password authentication failed for user "locked"' in said
    assert "check RESEAL_DATABASE_URL" in said


def test_the_doctor_tells_a_wrong_password_without_it(reseal, locked):
    ended = reseal.run("doctor", RESEAL_DATABASE_URL=locked)

    assert ended.code == 2
    assert 'password authentication failed for user "locked"' in ended.err
    assert SENTINEL not in ended.err + ended.out
