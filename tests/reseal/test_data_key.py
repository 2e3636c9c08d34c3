"""The table of data keys: durable and proven before anything is sealed under them."""

import os
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from reseal.errors import (
    ConfigurationError,
    ConnectionLost,
    KekError,
    KeyringError,
    Refused,
    RowRefused,
)
from reseal.key_life import check_move
from reseal.keyring import DataKey, KeyState
from reseal.place import Place
from reseal.secret import Secret
from reseal.store import data_key, schema
from reseal.store.key_inventory import inventory

MOVES = {
    (KeyState.STAGED, KeyState.ACTIVE), (KeyState.STAGED, KeyState.RETIRING),
    (KeyState.ACTIVE, KeyState.RETIRING), (KeyState.RETIRING, KeyState.ACTIVE),
    (KeyState.RETIRING, KeyState.DISABLED), (KeyState.DISABLED, KeyState.RETIRING),
    (KeyState.DISABLED, KeyState.DESTROYED),
}  # fmt: skip

PLACE = Place("users.mfa_secret", (42,))


@pytest.fixture
def bare(access):
    """A store whose schema is made and holds no key."""
    opened = access.store("bare")
    schema.migrate(opened)
    yield opened
    opened.close()


def test_without_a_key_there_is_no_keyring(bare, access):
    with pytest.raises(KeyringError, match="no data key yet"):
        data_key.load(bare, access.kek())


def test_the_first_key_is_made_once_and_found_again(bare, access):
    keyring = data_key.ensure_active(bare, access.kek(), "ada")
    envelope = keyring.seal(PLACE, Secret("x"))

    again = data_key.ensure_active(bare, access.kek(), "bob")
    assert again.active == 1
    assert again.open(PLACE, envelope).reveal() == "x"
    assert data_key.load(bare, access.kek()).check_values == keyring.check_values


def test_two_runs_that_begin_together_make_one_key(bare, access):
    stores = [access.store(str(number)) for number in range(4)]
    with ThreadPoolExecutor() as threads:
        rings = list(threads.map(lambda s: data_key.ensure_active(s, access.kek(), "test"), stores))
    for opened in stores:
        opened.close()

    assert len({ring.check_values[ring.active] for ring in rings}) == 1
    assert bare.need("SELECT count(*) FROM {reseal}.data_key") == (1,)


def test_what_is_stored_is_wrapped(store, access, admin):
    row = admin.execute("SELECT wrapped, kek, check_value FROM reseal.data_key").fetchone()
    wrapped, uri, check_value = row

    assert (len(wrapped), uri, len(check_value)) == (12 + 32 + 16, "env:TEST_KEK", 8)
    assert len(access.kek().unwrap(wrapped, b"data-key/1")) == 32


def test_the_inventory_tells_of_every_key_and_holds_none(store, admin):
    (key,) = inventory(store)

    assert key["version"] == 1
    assert key["state"] == "active"
    assert key["algorithm"] == "AES-256-GCM"
    assert key["owner"] == "test"
    wrapped = admin.execute("SELECT wrapped FROM reseal.data_key").fetchone()[0]
    assert wrapped not in key.values()


def test_another_kek_does_not_open_the_table(store, access):
    other = {"TEST_KEK": b64encode(os.urandom(32)).decode()}

    with pytest.raises(KekError, match="env:TEST_KEK does not open the stored data keys"):
        data_key.load(store, replace(access, variables=other).kek())


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        ("check_value = substr(check_value, 1, 7) || '\\x00'::bytea", KeyringError),
        ("check_value = ''", KeyringError),
        ("version = 2", KekError),
        ("wrapped = substr(wrapped, 1, 59) || '\\x00'::bytea", KekError),
        ("wrapped = ''", KekError),
        ("state = 'retiring'", KeyringError),
        ("state = 'disabled'", KeyringError),
    ],
)
def test_a_table_that_was_edited_is_refused(store, access, admin, edit, error):
    admin.execute(f"UPDATE reseal.data_key SET {edit}".encode())

    with pytest.raises(error):
        data_key.load(store, access.kek())


@pytest.mark.parametrize("state", ["disabled", "destroyed"])
def test_a_new_first_key_takes_a_new_number(store, access, admin, state):
    gone = "NULL" if state == "destroyed" else "wrapped"
    admin.execute(f"UPDATE reseal.data_key SET state = '{state}', wrapped = {gone}".encode())

    assert data_key.ensure_active(store, access.kek(), "test").active == 2


def test_the_database_itself_allows_one_active_key(store, access, scene):
    with pytest.raises(RowRefused, match="one_active_data_key"):
        data_key._add(store, access.kek(), DataKey.fresh(2, KeyState.ACTIVE), "test")
    assert scene.activate_next_key() == 2
    assert sorted(scene.keyring.check_values) == [1, 2]


@pytest.mark.parametrize("then", KeyState)
@pytest.mark.parametrize("now", KeyState)
def test_a_key_goes_from_state_to_state_as_the_table_says(now, then):
    if (now, then) in MOVES:
        check_move(7, now, then)
        return
    with pytest.raises(Refused, match=f"data key 7 is {now} and cannot become {then}"):
        check_move(7, now, then)


def test_before_the_first_key_a_command_is_told_to_encrypt_first(access, bare):
    with pytest.raises(ConfigurationError, match="run `reseal encrypt` first"):
        data_key.need_any(bare)
    bare.connection.execute("DROP SCHEMA reseal CASCADE")
    with pytest.raises(ConfigurationError, match="run `reseal encrypt` first"):
        data_key.need_any(bare)


@pytest.mark.parametrize("verb", ["DELETE FROM", "TRUNCATE"])
def test_no_row_of_a_key_goes_by_a_hurried_statement(store, admin, verb):
    with pytest.raises(psycopg.errors.RaiseException, match="a data key is never deleted"):
        admin.execute(f"{verb} reseal.data_key".encode())


def test_a_staged_key_opens_and_does_not_seal(store, access):
    assert data_key.ensure_staged(store, access.kek(), "ada") == 2

    keyring = data_key.load(store, access.kek())
    assert (keyring.active, sorted(keyring.check_values)) == (1, [1, 2])
    _, staged = inventory(store)
    assert (staged["state"], staged["owner"], staged["activated"]) == ("staged", "ada", None)


def test_a_staged_key_that_was_left_behind_is_taken_up(store, access):
    before = data_key.ensure_staged(store, access.kek(), "ada")
    check_value = access.keyring(store).check_values[before]

    assert data_key.ensure_staged(store, access.kek(), "bob") == before
    assert access.keyring(store).check_values[before] == check_value
    assert data_key.staged(store) == [2]


def test_a_kek_that_does_not_open_the_other_keys_stages_none(store, access):
    with pytest.raises(KekError, match="does not open the stored data keys"):
        data_key.ensure_staged(store, access.backup_kek(), "test")
    assert data_key.states(store) == {1: KeyState.ACTIVE}


def test_a_staged_key_that_others_know_is_not_taken_up(store, access):
    known = data_key.ensure_staged(store, access.kek(), "test")
    data_key.mark_compromised(store, known)

    assert data_key.staged(store) == []
    assert data_key.ensure_staged(store, access.kek(), "test") == known + 1


def test_two_runs_that_stage_together_make_one_key(store, access):
    stores = [access.store(str(number)) for number in range(4)]
    with ThreadPoolExecutor() as threads:
        made = list(threads.map(lambda s: data_key.ensure_staged(s, access.kek(), "test"), stores))
    for opened in stores:
        opened.close()

    assert made == [2, 2, 2, 2]
    assert data_key.states(store) == {1: KeyState.ACTIVE, 2: KeyState.STAGED}


@pytest.mark.parametrize("edit", ["wrapped = ''", "check_value = ''"])
def test_a_staged_key_that_was_edited_is_not_taken_up(store, access, admin, edit):
    data_key.ensure_staged(store, access.kek(), "test")
    admin.execute(f"UPDATE reseal.data_key SET {edit} WHERE version = 2".encode())

    with pytest.raises((KekError, KeyringError)):
        data_key.ensure_staged(store, access.kek(), "test")
    assert data_key.states(store)[1] is KeyState.ACTIVE


def test_the_staged_key_seals_and_the_active_one_retires(store, access):
    envelope = access.keyring(store).seal(PLACE, Secret("x"))
    data_key.activate(store, data_key.ensure_staged(store, access.kek(), "test"))

    keyring = access.keyring(store)
    assert keyring.seal(PLACE, Secret("x")).key_version == 2
    assert keyring.open(PLACE, envelope).reveal() == "x"
    assert data_key.states(store) == {1: KeyState.RETIRING, 2: KeyState.ACTIVE}
    first, second = (str(key["activated"]) for key in inventory(store))
    assert second > first


def test_activating_twice_is_activating_once(store, access):
    version = data_key.ensure_staged(store, access.kek(), "test")
    data_key.activate(store, version)
    before = inventory(store)

    data_key.activate(store, version)
    assert inventory(store) == before


@pytest.mark.parametrize("version", [3, 9])
@pytest.mark.parametrize("state", [KeyState.DISABLED, KeyState.DESTROYED])
def test_a_key_that_is_not_loaded_does_not_become_active_and_a_refusal_changes_nothing(
    store, access, admin, version, state
):
    data_key._add(store, access.kek(), DataKey.fresh(3, KeyState.DISABLED), "test")
    if state is KeyState.DESTROYED:
        data_key.move(store, 3, KeyState.DESTROYED)

    says = "no data key 9; there is: 1, 3" if version == 9 else f"3 is {state}"
    with pytest.raises(ConfigurationError if version == 9 else Refused, match=says):
        data_key.activate(store, version)
    assert data_key.states(store) == {1: KeyState.ACTIVE, 3: state}


def test_a_crash_between_the_two_moves_leaves_the_old_key_active(store, access, admin):
    version = data_key.ensure_staged(store, access.kek(), "test")
    admin.execute(
        """CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
           CREATE TRIGGER crash BEFORE UPDATE ON reseal.data_key FOR EACH ROW
           WHEN (NEW.state = 'active') EXECUTE FUNCTION crash()"""
    )

    with pytest.raises(ConnectionLost):
        data_key.activate(store, version)
    states = admin.execute("SELECT version, state FROM reseal.data_key ORDER BY 1").fetchall()
    assert states == [(1, "active"), (2, "staged")]


def test_a_kek_that_does_not_give_back_what_it_wrapped_makes_no_key(bare):
    class Lossy:
        uri = "lossy:"

        def wrap(self, material: bytes, context: bytes) -> bytes:
            return b"wrapped"

        def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
            return bytes(32)

    with pytest.raises(KekError, match="does not unwrap what it wrapped"):
        data_key.ensure_active(bare, Lossy(), "test")
    assert bare.need("SELECT count(*) FROM {reseal}.data_key") == (0,)
