"""Another KEK for all data keys: every kept key, all at once or none, and readers go on."""

import os
from base64 import b64encode
from dataclasses import replace

import pytest
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.errors import ConnectionLost, KekError, KekUnreachable, KeyringError
from reseal.kek import open_kek
from reseal.keyring import DataKey, KeyState
from reseal.store import data_key
from reseal.store.rewrap import rewrap
from reseal.sweep.turn import Turn
from tests.reseal.key_scene import KeyScene
from tests.reseal.scene import SEED

WRAPPED = "SELECT version, wrapped, kek FROM reseal.data_key ORDER BY version"
CRASH = """
CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER crash BEFORE UPDATE ON reseal.data_key FOR EACH ROW
WHEN (NEW.version = 2 AND NEW.kek = 'env:NEW') EXECUTE FUNCTION crash()
"""


class UnreachableKek:
    """A KEK whose service does not answer; it counts how often it was asked."""

    uri = "unreachable:"

    def __init__(self) -> None:
        self.asked = 0

    def wrap(self, material: bytes, context: bytes) -> bytes:
        self.asked += 1
        raise KekUnreachable("the key service does not answer")

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        self.asked += 1
        raise KekUnreachable("the key service does not answer")


class LossyKek(UnreachableKek):
    """A KEK that gives back something else than it wrapped."""

    uri = "lossy:"

    def wrap(self, material: bytes, context: bytes) -> bytes:
        return b"wrapped"

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        return bytes(32)


@pytest.fixture
def keys(keys):
    return keys | {name: b64encode(os.urandom(32)).decode() for name in ("NEW", "OTHER")}


@pytest.fixture
def old(access):
    return access.kek()


@pytest.fixture
def new(keys):
    return open_kek("env:NEW", keys)


@pytest.fixture
def other(keys):
    return open_kek("env:OTHER", keys)


@pytest.fixture
def life(scene):
    """Key 1 is disabled, 2 retiring, 3 active, 4 staged; two rows are under 3."""
    life = KeyScene(scene)
    life.is_spare()
    assert life.asks(KeyState.DISABLED).done
    life.rotates()
    life.keys.stage()
    assert life.states == {1: "disabled", 2: "retiring", 3: "active", 4: "staged"}
    return life


def wrapped(life):
    return life.admin.execute(WRAPPED).fetchall()


def test_every_key_moves_also_one_that_is_disabled(life, old, new):
    before = life.scene.keyring.check_values

    assert life.keys.rewrap(new) == [1, 2, 3, 4]
    assert {uri for _, _, uri in wrapped(life)} == {"env:NEW"}
    assert data_key.load(life.scene.store, new).check_values == before
    with pytest.raises(KekError, match="env:TEST_KEK does not open the stored data keys"):
        data_key.load(life.scene.store, old)
    assert life.actions[-1] == "keys rewrapped"
    assert life.detail() == {"key_versions": [1, 2, 3, 4], "kek": "env:NEW"}


def test_a_disabled_key_comes_back_under_the_new_kek(life, new):
    life.keys.rewrap(new)
    life.scene.access = replace(life.scene.access, kek_uri="env:NEW")

    life.keys.retire(1)
    assert sorted(life.scene.keyring.check_values) == [1, 2, 3, 4]
    assert life.scene.opened() == {1: SEED, 2: None, 3: SEED}


def test_a_destroyed_key_has_nothing_to_move(life, new):
    life.admin.execute(
        "UPDATE reseal.data_key SET state = 'destroyed', wrapped = NULL WHERE version = 1"
    )

    assert life.keys.rewrap(new) == [2, 3, 4]
    assert wrapped(life)[0][2] == "env:TEST_KEK"


def test_repeated_after_success_nothing_moves(life, new):
    life.keys.rewrap(new)
    before = wrapped(life)

    assert life.keys.rewrap(new) == []
    assert wrapped(life) == before


def test_what_a_process_with_the_old_kek_added_since_moves_the_next_time(life, old, new):
    life.keys.rewrap(new)
    life.admin.execute("UPDATE reseal.data_key SET state = 'retiring' WHERE state = 'active'")
    data_key._add(life.scene.store, old, DataKey.fresh(5, KeyState.ACTIVE), "test")

    assert life.keys.rewrap(new) == [5]
    assert data_key.load(life.scene.store, new).active == 5


def test_a_crash_in_the_middle_moves_none(life, old, new):
    before, values = wrapped(life), life.scene.keyring.check_values
    life.admin.execute(CRASH)
    store = life.scene.access.store("rewrap")

    with pytest.raises(ConnectionLost):
        rewrap(store, old, new)
    assert wrapped(life) == before
    assert data_key.load(life.scene.store, old).check_values == values
    life.admin.execute("DROP TRIGGER crash ON reseal.data_key")
    assert life.keys.rewrap(new) == [1, 2, 3, 4]


def test_a_wrong_old_kek_moves_none(life, new, other):
    before = wrapped(life)

    with pytest.raises(KekError, match="env:OTHER does not open the stored data keys"):
        rewrap(life.scene.store, other, new)
    assert wrapped(life) == before


@pytest.mark.parametrize(
    ("edit", "error"),
    [("check_value = ''", KeyringError), ("wrapped = ''", KekError), ("wrapped = 'x'", KekError)],
)
def test_one_key_that_does_not_open_keeps_all_where_they_are(life, new, edit, error):
    life.admin.execute(f"UPDATE reseal.data_key SET {edit} WHERE version = 3".encode())
    before = wrapped(life)

    with pytest.raises(error):
        life.keys.rewrap(new)
    assert wrapped(life) == before
    assert life.actions[-1] == "key staged"


@pytest.mark.parametrize(("kek", "says"), [(UnreachableKek, "answer"), (LossyKek, "not unwrap")])
def test_a_new_kek_that_does_not_keep_what_it_is_given_gets_no_key(life, kek, says):
    before = wrapped(life)

    with pytest.raises(KekError, match=says):
        life.keys.rewrap(kek())
    assert wrapped(life) == before


def test_an_old_kek_that_does_not_answer_is_not_taken_for_a_wrong_one(life, new):
    silent = UnreachableKek()
    life.keys.rewrap(new)
    before = wrapped(life)

    with pytest.raises(KekUnreachable):
        rewrap(life.scene.store, silent, new)
    assert silent.asked == 1
    assert wrapped(life) == before


def test_there_and_back_again_the_keys_are_the_same(life, old, new):
    values, rows = life.scene.keyring.check_values, life.scene.stored()
    rewrap(life.scene.store, old, new)

    assert rewrap(life.scene.store, new, old) == [1, 2, 3, 4]
    assert life.scene.keyring.check_values == values
    assert life.scene.stored() == rows


def test_an_application_that_has_loaded_its_keys_goes_on_under_the_old_kek(
    life, old, new, database, config, caplog
):
    life.keys.retire(4)
    now = 0.0
    with ConnectionPool(database, min_size=1) as pool:
        vault = Vault.connect(pool, config, old, clock=lambda: now, beats=None)
        life.keys.rewrap(new)
        with pytest.raises(KekError):
            Vault.connect(pool, config, old, beats=None)

        assert vault.read("users.mfa_secret", 1, life.scene.stored()[1]).reveal() == SEED
        now = 3600.0
        stored = vault.seal("users.mfa_secret", 2, SEED)
        assert "the keys were not loaded anew" in caplog.text
        assert vault.read("users.mfa_secret", 2, stored).reveal() == SEED
        assert vault.heartbeat()
    life.scene.access = replace(life.scene.access, kek_uri="env:NEW")
    life.scene.put(2, stored)
    assert life.scene.opened() == {1: SEED, 2: SEED, 3: SEED}


def test_a_sweep_under_the_new_kek_reseals_what_was_sealed_under_the_old(life, new):
    life.keys.rewrap(new)
    life.scene.access = replace(life.scene.access, kek_uri="env:NEW")

    assert life.next_key() == 4
    assert life.scene.again().sweep(Turn.RESEAL).changed == 2
    assert life.scene.opened() == {1: SEED, 2: None, 3: SEED}
