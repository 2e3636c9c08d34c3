"""What a vault does in the background, when it ends, and in a process that was forked."""

import gc
import os
import time
import weakref

import pytest
from psycopg_pool import ConnectionPool

from reseal import Secret, Vault
from reseal.steps import transaction
from reseal.store.store import Statement
from tests.conftest import SENTINEL
from tests.reseal.key_scene import KeyScene

FIELD = "users.mfa_secret"
LIVE = "SELECT count(*) FROM reseal.reader"
USED = "SELECT coalesce(sum(opens), 0), coalesce(sum(seals), 0) FROM reseal.key_use"


@pytest.fixture
def pool(database):
    with ConnectionPool(database, min_size=1, max_size=1) as opened:
        yield opened


@pytest.fixture
def connect(store, pool, config, access):
    def connected(beats: float | None = 0.02) -> Vault:
        return Vault.connect(pool, config, access.kek(), beats=beats)

    return connected


def wait_until(is_so) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def asked(vault: Vault, query: str) -> int:
    """What the vault's own connection answers."""
    ((row,),) = vault.answer(transaction(Statement(query)))
    return int(row[0])


def backend(vault: Vault) -> int:
    return asked(vault, "SELECT pg_backend_pid()")


def in_child(work) -> str:
    """What a forked process writes; its end runs nothing of the parent's."""
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(tell, str(work()).encode())
        except BaseException as error:
            os.write(tell, repr(error).encode())
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(told) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_an_instance_shows_itself_without_being_asked(connect, admin):
    vault = connect()

    wait_until(lambda: admin.execute(LIVE).fetchone()[0] == 1)
    vault.close()
    assert admin.execute(LIVE).fetchone()[0] == 0


def test_a_new_key_is_learned_before_anything_is_sealed_under_it(connect, scene):
    with connect() as vault:
        version, _ = KeyScene(scene).keys.stage()

        wait_until(lambda: version in vault.core.keyring.check_values)
        assert vault.core.keyring.active != version


def test_what_was_opened_is_told_in_the_background_and_at_the_end(connect, admin):
    vault = connect()
    stored = vault.seal(FIELD, 1, SENTINEL)
    vault.read(FIELD, 1, stored)
    wait_until(lambda: admin.execute(USED).fetchone() == (1, 1))

    quiet = connect(beats=None)
    quiet.read(FIELD, 1, stored)
    quiet.close()
    vault.close()

    assert admin.execute(USED).fetchone() == (2, 1)


def test_a_database_that_is_away_in_the_background_is_logged_and_borne(connect, pool, caplog):
    vault = connect()
    stored = vault.seal(FIELD, 1, SENTINEL)
    pool.close()

    wait_until(lambda: "in the background failed" in caplog.text)
    assert vault.read(FIELD, 1, stored).reveal() == SENTINEL
    vault.close()
    assert "could not be told: the application has closed the pool" in caplog.text


def test_a_vault_that_nobody_has_any_more_stops_beating(connect):
    vault = connect()
    gone = weakref.ref(vault)
    del vault

    wait_until(lambda: gc.collect() >= 0 and gone() is None)


def test_a_forked_process_goes_on_with_connections_of_its_own(connect, pool):
    vault = connect(beats=None)
    stored = vault.seal(FIELD, 1, SENTINEL)
    mine = backend(vault)

    def work():
        vault.refresh()
        opened = vault.read(FIELD, 1, stored).matches(Secret(SENTINEL))
        return opened, backend(vault) != mine

    assert in_child(work) == "(True, True)"
    assert vault.read(FIELD, 1, stored).reveal() == SENTINEL
    assert backend(vault) == mine


def test_a_fork_while_the_keys_are_being_loaded_holds_nobody_up(connect):
    vault = connect(beats=None)

    with vault._lock:
        assert in_child(lambda: (vault.refresh(), vault.can_seal)[1]) == "True"


def test_each_process_tells_its_own_and_nobody_tells_what_another_counted(connect, admin):
    vault = connect(beats=None)
    vault.seal(FIELD, 1, SENTINEL)

    def work():
        vault.seal(FIELD, 2, SENTINEL)
        return vault.heartbeat()

    assert in_child(work) == "True"
    assert vault.heartbeat()
    assert admin.execute(USED).fetchone() == (0, 2)
    assert admin.execute(LIVE).fetchone()[0] == 2


def test_a_forked_process_beats_by_itself(connect, admin):
    vault = connect()
    wait_until(lambda: admin.execute(LIVE).fetchone()[0] == 1)

    def work():
        wait_until(lambda: asked(vault, LIVE) == 2)
        return True

    assert in_child(work) == "True"
    vault.close()
