"""Legacy plaintext and older envelopes are sealed on use, and never over what is newer."""

import time

import psycopg
import pytest

from tests.conftest import SENTINEL
from tests.reseal.key_scene import KeyScene
from tests.reseal.users.said import ADA, NOW, code, version_of


def test_legacy_plaintext_is_sealed_after_a_right_token_and_only_then(users, enrolled, stored):
    number = enrolled()
    ada = users.by_email(ADA)

    assert not ada.verify_mfa_token("000000")
    assert stored() == SENTINEL
    assert ada.verify_mfa_token(code())
    assert version_of(stored()) == 1
    assert users.by_id(number).verify_mfa_token(code(at=NOW + 30))


def test_a_token_that_is_replayed_upgrades_nothing(users, enrolled, stored, admin):
    enrolled()
    ada = users.by_email(ADA)
    assert ada.verify_mfa_token(code())
    admin.execute("UPDATE users SET mfa_secret = %s", [SENTINEL])

    assert not ada.verify_mfa_token(code())
    assert stored() == SENTINEL


def test_an_older_envelope_is_resealed_after_a_right_token(users, enrolled, stored, scene):
    enrolled()
    ada = users.by_email(ADA)
    assert ada.verify_mfa_token(code())
    KeyScene(scene).next_key()
    users._vault.core._looked = -1e9

    assert ada.verify_mfa_token(code(at=NOW + 30))
    assert version_of(stored()) == 2


def test_upgrades_can_be_left_to_the_runs(store, connect, enrolled, stored):
    enrolled()

    assert connect(upgrades=False).by_email(ADA).verify_mfa_token(code())
    assert stored() == SENTINEL


@pytest.mark.parametrize(
    "meanwhile",
    [
        "UPDATE users SET mfa_secret = 'NEWNEWNEWNEWNEWN'",
        "UPDATE users SET mfa_secret = mfa_secret",
        "UPDATE users SET last_login = now()",
        "DELETE FROM users",
    ],
)
def test_a_row_that_was_written_meanwhile_is_not_upgraded(
    users, enrolled, admin, meanwhile, database
):
    """A trigger on the used steps stands for somebody who enrols anew between read and write."""
    enrolled()
    admin.execute(
        f"CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {meanwhile}; RETURN NULL; END $$"
    )
    admin.execute(
        "CREATE TRIGGER meanwhile AFTER INSERT ON reseal.totp_use EXECUTE FUNCTION meanwhile()"
    )
    everything = "SELECT array_agg(mfa_secret) FROM users"

    assert users.by_email(ADA).verify_mfa_token(code())
    left = admin.execute(everything).fetchone()[0]
    expected = "NEWNEWNEWNEWNEWN" if "NEW" in meanwhile else SENTINEL
    assert left == (None if "DELETE" in meanwhile else [expected])


def test_a_row_that_is_locked_is_not_waited_for(users, enrolled, stored, database):
    enrolled()
    with psycopg.connect(database) as other:
        other.execute("SELECT FROM users FOR UPDATE")
        began = time.monotonic()
        assert users.by_email(ADA).verify_mfa_token(code())
        assert time.monotonic() - began < 5
        assert stored() == SENTINEL


def test_a_row_that_cannot_be_written_keeps_nobody_out(users, enrolled, stored, admin, caplog):
    enrolled()
    admin.execute("ALTER TABLE users ADD CHECK (length(mfa_secret) < 40)")

    assert users.by_email(ADA).verify_mfa_token(code())
    assert stored() == SENTINEL
    assert "a secret of users.mfa_secret stays as it is" in caplog.text
    assert SENTINEL not in caplog.text


def test_rotating_a_users_key_reseals_the_row_and_says_whether(users, enrolled, stored, scene):
    enrolled()
    ada = users.by_email(ADA)

    assert ada.rotate_encryption_key()
    assert not ada.rotate_encryption_key()
    KeyScene(scene).next_key()
    users._vault.core._looked = -1e9
    assert ada.rotate_encryption_key()
    assert version_of(stored()) == 2
    assert ada.verify_mfa_token(code())


def test_a_vault_that_should_not_seal_leaves_what_stands_and_enrols_in_plaintext(
    store, connect, enrolled, stored
):
    enrolled()
    ada = connect(vault={"seals": False}).by_email(ADA)

    assert ada.verify_mfa_token(code())
    assert stored() == SENTINEL
    assert ada.generate_mfa_secret() == stored()
