"""Every encryption counts for its key, written or not, until the key has sealed enough."""

import json

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.errors import KeyringError
from reseal.keyring import MOST_SEALS, DataKey, Keyring, KeyState
from reseal.place import Place
from reseal.secret import Secret
from reseal.store import key_use
from reseal.store.key_inventory import inventory
from reseal.sweep.turn import Turn
from tests.reseal.key_scene import KeyScene
from tests.reseal.scene import SEED

FIELD = "users.mfa_secret"
SEALS = "SELECT coalesce(sum(seals), 0)::int FROM reseal.batch WHERE key_version = %s"


@pytest.fixture
def vault(store, database, config, access):
    with ConnectionPool(database, min_size=1) as pool:
        yield Vault.connect(pool, config, access.kek(), beats=None)


def seals_of(admin, version=1):
    return admin.execute(SEALS, [version]).fetchone()[0]


def test_a_run_counts_what_it_seals_and_nothing_else(scene, admin):
    scene.enrol(SEED, None, SEED, "", "gAAAAABforeign")
    scene.sweep()
    assert seals_of(admin) == 2
    scene.sweep()
    assert seals_of(admin) == 2

    scene.take_backup()
    KeyScene(scene).next_key()
    scene.sweep(Turn.RESEAL)
    assert (seals_of(admin), seals_of(admin, 2)) == (2, 2)
    scene.sweep(Turn.UNSEAL)
    assert (seals_of(admin), seals_of(admin, 2)) == (2, 2)


def test_each_leaf_of_a_document_is_a_seal(scene, admin):
    rows = [(1, json.dumps({"codes": ["a", "b", None, "c"]})), (2, '{"codes": ["d"]}')]
    scene = scene.table(
        "id int PRIMARY KEY, s jsonb", rows, column="s", path="codes[*]", format="text"
    )

    assert scene.sweep().changed == 2
    assert seals_of(admin) == 4


def test_a_row_that_someone_holds_was_sealed_too(scene, admin, database):
    first, _ = scene.enrol(SEED, SEED)
    with psycopg.connect(database) as other:
        other.execute("SELECT FROM users WHERE id = %s FOR UPDATE", [first])
        tally = scene.sweep()

    assert (tally.changed, tally.locked) == (1, 1)
    assert seals_of(admin) == 2
    assert scene.sweep().changed == 1
    assert seals_of(admin) == 3


def test_what_was_sealed_for_a_batch_that_failed_is_told_with_the_next(scene, admin):
    scene.enrol(SEED, SEED, SEED)
    admin.execute(
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN RAISE EXCEPTION 'no'; END $$;
           CREATE TRIGGER refuse BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.id = 2)
           EXECUTE FUNCTION refuse()"""
    )

    tally = scene.sweep()
    assert (tally.changed, tally.quarantined) == (2, 1)
    # Once for the batch, once more row by row.
    assert seals_of(admin) == 6


def test_runs_and_applications_are_added(scene, vault, admin):
    scene.enrol(SEED, SEED)
    scene.sweep()
    vault.seal(FIELD, 1, SEED)
    assert key_use.sealed(scene.store, 1) == 2

    vault.heartbeat()
    assert key_use.sealed(scene.store, 1) == 3
    assert key_use.sealed(scene.store, 2) == 0
    assert [key["seals"] for key in inventory(scene.store)] == [3]


def test_a_key_seals_as_often_as_it_may_and_opens_for_ever():
    place = Place(FIELD, (1,))
    key = DataKey.fresh(1, KeyState.ACTIVE)
    keyring = Keyring([key], sealed=MOST_SEALS - 2)
    sealed = [keyring.seal(place, Secret(SEED)) for _ in range(2)]

    with pytest.raises(KeyringError, match="1 has sealed as often as a key may; run `reseal rot"):
        keyring.seal(place, Secret(SEED))
    assert keyring.seals == 2
    assert [keyring.open(place, one).reveal() for one in sealed] == [SEED, SEED]


def test_two_to_the_31_seals_are_the_most(scene, vault, admin):
    assert MOST_SEALS == 2_147_483_648
    row, other = scene.enrol(SEED, SEED)
    admin.execute("INSERT INTO reseal.key_use (version, seals) VALUES (1, %s)", [MOST_SEALS - 1])

    with pytest.raises(KeyringError, match="as often as a key may"):
        scene.sweep()
    assert scene.stored() == {row: SEED, other: SEED}
    vault.refresh()
    vault.seal(FIELD, 1, SEED)
    with pytest.raises(KeyringError, match="as often as a key may"):
        vault.seal(FIELD, 1, SEED)

    # The way out that the sentence names.
    KeyScene(scene).next_key()
    assert scene.again().sweep(Turn.RESEAL).changed == 2
    assert scene.opened() == {row: SEED, other: SEED}
