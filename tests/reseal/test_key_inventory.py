"""The inventory: all that is known of each key, and what is still under it."""

from dataclasses import replace

import pytest

from reseal.key_policy import KeyPolicy
from reseal.keyring import KeyState
from reseal.sweep.turn import Turn
from tests.reseal.key_scene import KeyScene, waiting
from tests.reseal.scene import SEED

NAME = "users.mfa_secret"
# What PCI DSS 4.0.1 asks for in 3.6.1.1, 3.7.4 and 3.7.5, and what is needed to act on it.
WORDS = {
    "version", "state", "algorithm", "strength", "purpose", "owner", "kek", "created", "activated",
    "retired", "disabled", "destroyed", "expires", "expired", "compromised", "seals", "opens",
    "last_opened", "rows", "fields", "backup_rows",
}  # fmt: skip


@pytest.fixture
def life(scene):
    return KeyScene(scene)


def test_the_inventory_tells_all_of_every_key(life):
    life.scene.enrol(SEED, SEED, None)
    life.scene.back_up()
    life.scene.sweep()
    life.rotates()
    life.scene.put(1, SEED)
    life.scene.sweep(Turn.SEAL)
    life.keys.stage("grace")

    one, two, three = life.keys.inventory()
    assert one.keys() == two.keys() == three.keys() == WORDS
    assert [key["state"] for key in (one, two, three)] == ["retiring", "active", "staged"]
    assert [key["owner"] for key in (one, two, three)] == ["test", "ada", "grace"]
    assert [key["fields"] for key in (one, two, three)] == [{NAME: 0}, {NAME: 2}, {NAME: 0}]
    assert [key["rows"] for key in (one, two, three)] == [0, 2, 0]
    assert [key["seals"] for key in (one, two, three)] == [2, 3, 0]
    assert [key["backup_rows"] for key in (one, two, three)] == [2, 0, 0]
    assert {(key["algorithm"], key["strength"], key["purpose"]) for key in (one, two, three)} == {
        ("AES-256-GCM", 256, "mfa secrets")
    }
    assert two["activated"] > one["retired"] > one["activated"]
    assert three["activated"] is None
    assert not any(key["expired"] or key["compromised"] for key in (one, two, three))


def test_the_inventory_holds_no_key_wrapped_or_not(life):
    wrapped = life.admin.execute("SELECT wrapped, check_value FROM reseal.data_key").fetchone()

    (key,) = life.keys.inventory()
    assert not {type(value) for value in key.values()} & {bytes, memoryview}
    for secret in wrapped:
        assert secret.hex() not in str(key)


def test_rows_under_a_destroyed_key_are_told_too(life):
    life.is_disabled()
    assert life.asks(KeyState.DESTROYED).done
    (row,) = life.scene.enrol(None)
    stale = life.scene.keyring.cipher(NAME)
    envelope = replace(stale.seal((row,), life.scene.target.column.secret(SEED)), key_version=1)
    life.scene.put(row, str(envelope))

    assert [key["rows"] for key in life.keys.inventory()] == [1, 2]


def test_seals_and_opens_of_runs_and_applications_are_added(life):
    life.scene.enrol(SEED, SEED)
    life.scene.sweep()
    life.admin.execute(
        "INSERT INTO reseal.key_use (version, seals, opens, last_opened) VALUES (1, 5, 9, now())"
    )

    (key,) = life.keys.inventory()
    assert (key["seals"], key["opens"]) == (7, 9)
    assert key["last_opened"]


def test_a_key_past_its_cryptoperiod_is_expired(life):
    life.policy = KeyPolicy(cryptoperiod_days=30)
    life.next_key()
    life.passes(days=29)
    assert [key["expired"] for key in life.keys.inventory()] == [False, False]

    life.passes(days=2)
    assert [key["expired"] for key in life.keys.inventory()] == [False, True]


def test_the_cryptoperiod_begins_with_the_first_seal(life):
    life.keys.stage()
    life.passes(days=300)
    life.keys.activate(2, waiting(assumed=True))
    _, key = life.keys.inventory()
    assert round((key["expires"] - key["activated"]).days) in (364, 365)

    life.keys.activate(1, waiting(assumed=True))
    life.keys.activate(2, waiting(assumed=True))
    assert life.keys.inventory()[1]["expires"] == key["expires"]
