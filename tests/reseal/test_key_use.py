"""What applications tell of each key: how often it opened and sealed, never lost or told twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.errors import StoreError, WillNotOpen
from reseal.store import key_use
from reseal.store.key_use import Opened
from reseal.usage import Used
from tests.reseal.key_scene import KeyScene
from tests.reseal.scene import SEED


def tell(store, instance, used):
    for statement in key_use.telling(instance, used):
        store.run(statement)


FIELD = "users.mfa_secret"
ROWS = """
SELECT version, opens, seals, last_opened IS NOT NULL, last_opened_by, last_sealed IS NOT NULL,
       last_sealed_by FROM reseal.key_use ORDER BY version
"""
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'the pool'"


@pytest.fixture
def pool(database):
    named = {"application_name": "the pool"}
    with ConnectionPool(database, min_size=1, max_size=1, kwargs=named) as opened:
        yield opened


@pytest.fixture
def vault(store, pool, config, access):
    return Vault.connect(pool, config, access.kek(), beats=None)


@pytest.fixture
def told(admin):
    """What has been told of each version: opens and seals."""

    def look() -> dict[int, tuple[int, int]]:
        return {version: (opens, seals) for version, opens, seals, *_ in admin.execute(ROWS)}

    return look


def test_what_instances_tell_is_added_and_who_was_last_is_kept(store, admin):
    tell(store, "a/1", {1: Used(3, 0), 2: Used(0, 4)})
    tell(store, "b/2", {2: Used(1, 0), 1: Used(2, 5)})
    tell(store, "c/3", {})

    assert admin.execute(ROWS).fetchall() == [
        (1, 5, 5, True, "b/2", True, "b/2"),
        (2, 1, 4, True, "b/2", True, "a/1"),
    ]


def test_instances_that_tell_at_once_wait_for_each_other_and_add_up(access, store, told):
    stores = [access.store(str(number)) for number in range(4)]

    def tell_often(one) -> None:
        for _ in range(25):
            with one.transaction():
                tell(one, "x", {2: Used(1, 1), 1: Used(1, 1), 3: Used(1, 1)})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(tell_often, stores))
    for one in stores:
        one.close()

    assert told() == {1: (100, 100), 2: (100, 100), 3: (100, 100)}


def test_when_a_version_last_opened_is_known(store, admin):
    assert key_use.opened(store, 1) == Opened()
    tell(store, "a/1", {1: Used(0, 5)})
    assert key_use.opened(store, 1) == Opened()
    tell(store, "a/1", {1: Used(2, 0)})

    found = key_use.opened(store, 1)
    assert (found.by, found.opens) == ("a/1", 2)
    assert found.last


def test_the_heartbeat_tells_what_was_opened_and_sealed_since_the_last(vault, admin, told):
    stored = [vault.seal(FIELD, row, SEED) for row in range(3)]
    for row in range(3):
        vault.read(FIELD, row, stored[row])
    vault.read(FIELD, 9, SEED)
    assert told() == {}

    assert vault.heartbeat()
    assert told() == {1: (3, 3)}
    assert vault.heartbeat()
    assert told() == {1: (3, 3)}
    vault.read(FIELD, 0, stored[0])
    assert vault.heartbeat()
    assert told() == {1: (4, 3)}
    instance = admin.execute("SELECT instance FROM reseal.reader").fetchone()
    assert admin.execute("SELECT last_opened_by FROM reseal.key_use").fetchone() == instance


def test_what_does_not_open_is_not_counted_as_opened(vault, told):
    stored = vault.seal(FIELD, 1, SEED)
    with pytest.raises(WillNotOpen):
        vault.read(FIELD, 2, stored)

    vault.heartbeat()
    assert told() == {1: (0, 1)}


def test_each_version_is_counted_for_itself(vault, scene, told):
    old = vault.seal(FIELD, 1, SEED)
    KeyScene(scene).next_key()
    vault.refresh()
    new = vault.seal(FIELD, 1, SEED)
    for stored in (old, new, new):
        vault.read(FIELD, 1, stored)

    vault.heartbeat()
    assert told() == {1: (1, 1), 2: (2, 1)}


def test_what_could_not_be_told_is_told_the_next_time(vault, admin, told):
    vault.read(FIELD, 1, vault.seal(FIELD, 1, SEED))
    admin.execute(END)
    with pytest.raises(StoreError):
        vault.heartbeat()

    vault.read(FIELD, 1, vault.seal(FIELD, 1, SEED))
    assert vault.heartbeat()
    assert told() == {1: (2, 2)}


def test_where_only_half_can_be_told_nothing_is(vault, admin, told):
    vault.seal(FIELD, 1, SEED)
    admin.execute("ALTER TABLE reseal.key_use RENAME TO gone")
    assert vault.heartbeat() is False
    assert admin.execute("SELECT count(*) FROM reseal.reader").fetchone() == (0,)

    admin.execute("ALTER TABLE reseal.gone RENAME TO key_use")
    assert vault.heartbeat()
    assert told() == {1: (0, 1)}


def test_the_heartbeat_tells_under_which_version_the_instance_seals(vault, scene, admin):
    active = "SELECT active, seals FROM reseal.reader"
    vault.heartbeat()
    assert admin.execute(active).fetchone() == (1, True)

    KeyScene(scene).rotates()
    vault.heartbeat()
    assert admin.execute(active).fetchall() == [(1, True)]
    vault.refresh()
    vault.heartbeat(seals=False)
    assert admin.execute(active).fetchone() == (2, False)
