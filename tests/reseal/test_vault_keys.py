"""When a vault looks at the keys again, and what it does where it cannot."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg_pool import ConnectionPool

from reseal import Envelope, Vault
from reseal.errors import KekUnreachable, KeyringError
from tests.reseal.key_scene import KeyScene
from tests.reseal.scene import SEED

FIELD = "users.mfa_secret"


class FailingKek:
    """A KEK whose service can be away; it counts how often it was asked."""

    def __init__(self, kek) -> None:
        self.kek, self.is_away, self.asked = kek, False, 0

    @property
    def uri(self) -> str:
        return str(self.kek.uri)

    def wrap(self, material: bytes, context: bytes) -> bytes:
        return bytes(self.kek.wrap(material, context))

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        self.asked += 1
        if self.is_away:
            raise KekUnreachable("the key service does not answer")
        return bytes(self.kek.unwrap(wrapped, context))


class Time:
    """The clock of a vault."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pool(database):
    with ConnectionPool(database, min_size=1) as opened:
        yield opened


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def kek(access):
    return FailingKek(access.kek())


@pytest.fixture
def vault(store, pool, config, kek, time):
    return Vault.connect(pool, config, kek, clock=time, beats=None)


def version_of(stored: str) -> int:
    return Envelope.parse(stored).key_version


def test_a_vault_that_seals_a_minute_later_looks_at_the_keys_again(vault, scene, time):
    KeyScene(scene).next_key()

    time.now = 59.9
    assert version_of(vault.seal(FIELD, 1, SEED)) == 1
    time.now = 60.0
    assert version_of(vault.seal(FIELD, 1, SEED)) == 2


def test_a_vault_that_only_reads_does_not_look(vault, kek, time):
    stored, asked = vault.seal(FIELD, 1, SEED), kek.asked
    time.now = 3600.0

    assert vault.read(FIELD, 1, stored).reveal() == SEED
    assert kek.asked == asked


def test_a_key_service_that_is_away_keeps_nobody_from_enrolling(vault, kek, time, caplog, scene):
    KeyScene(scene).next_key()
    kek.is_away, time.now = True, 60.0

    stored = vault.seal(FIELD, 1, SEED)
    assert (version_of(stored), vault.read(FIELD, 1, stored).reveal()) == (1, SEED)
    assert "the keys were not loaded anew: the key service does not answer" in caplog.text
    asked = kek.asked
    for time.now in (60.1, 119.9):
        vault.seal(FIELD, 1, SEED)
    assert kek.asked == asked
    kek.is_away, time.now = False, 120.0
    assert version_of(vault.seal(FIELD, 1, SEED)) == 2


def test_a_database_that_is_away_keeps_nobody_from_enrolling(vault, pool, time, caplog):
    pool.close()
    time.now = 60.0

    assert version_of(vault.seal(FIELD, 1, SEED)) == 1
    assert "the keys were not loaded anew" in caplog.text


def test_of_many_threads_that_seal_a_minute_later_one_looks(vault, kek, time):
    time.now, asked = 60.0, kek.asked

    with ThreadPoolExecutor(8) as threads:
        sealed = list(threads.map(lambda row: vault.seal(FIELD, row, SEED), range(64)))
    assert len(set(sealed)) == 64
    assert kek.asked == asked + 1


GONE = {
    "the schema is dropped": "DROP SCHEMA reseal CASCADE",
    "an older state without it is restored": "DROP TABLE reseal.data_key CASCADE",
    "the rows are deleted by force": """
        ALTER TABLE reseal.data_key DISABLE TRIGGER data_keys_stay;
        DELETE FROM reseal.data_key
    """,
}


@pytest.mark.parametrize("statement", GONE.values(), ids=GONE)
def test_keys_that_are_gone_from_the_database_go_on_opening_and_seal_nothing(
    vault, admin, caplog, statement
):
    stored = vault.seal(FIELD, 1, SEED)
    admin.execute(statement)

    for _ in range(2):
        vault.refresh()
    assert vault.read(FIELD, 1, stored).reveal() == SEED
    assert not vault.can_seal
    with pytest.raises(KeyringError, match="are gone from the database"):
        vault.seal(FIELD, 2, SEED)
    assert caplog.text.count("the data keys are gone from the database") == 1


def test_keys_that_are_there_again_seal_again(vault, admin, time):
    admin.execute("ALTER TABLE reseal.data_key RENAME TO elsewhere")
    vault.refresh()
    assert not vault.can_seal
    admin.execute("ALTER TABLE reseal.elsewhere RENAME TO data_key")

    time.now = 2.0
    assert version_of(vault.seal(FIELD, 1, SEED)) == 1
