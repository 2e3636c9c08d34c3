"""A look sees what is wrong with a table, its keys and its readers, and says what it cannot see."""

import random
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from reseal.audit.action import Action
from reseal.health import look, past, watch
from reseal.health.alert import KINDS
from reseal.health.reading import Look, Reading
from reseal.health.score import NOT_MEASURED, Term
from reseal.health.signals import Signals, signals
from reseal.health.terms import RULES, health
from reseal.scores.finding import Unknown
from reseal.store import event, key_use, reader, sample, schema
from reseal.store.event import Event
from reseal.usage import Used
from reseal.vault import Vault
from tests.reseal.scene import SEED, Scene

FIELD = "users.mfa_secret"


def taken(scene: Scene) -> Reading:
    with look.looking(scene.access, "health", read_only=True) as store:
        return look.take(scene.access, store, random.Random(1))


def terms(scene: Scene) -> dict[str, Term]:
    return {term.name: term for term in health(taken(scene)).terms}


def said(scene: Scene) -> Signals:
    reading = taken(scene)
    return signals(reading, health(reading))


def values(scene: Scene) -> dict[tuple[str, str], float]:
    """What speaks for an alert, by its kind and subject."""
    return {
        (kind.name, subject): signal.value
        for kind, subjects in said(scene).items()
        for subject, signal in subjects.items()
        if signal.value
    }


@pytest.fixture
def sealed(scene: Scene) -> Scene:
    """Users whose secrets are sealed."""
    scene.enrol(*[SEED] * 30, None)
    scene.sweep()
    return scene


def test_a_table_whose_secrets_are_sealed_is_healthy(sealed: Scene):
    found = terms(sealed)

    full = {name for name, term in found.items() if term.points == term.weight}
    assert full == {"login query", "encryption", "integrity", "age of the key", "quarantine"}
    left_out = {name for name, term in found.items() if term.value == NOT_MEASURED}
    assert left_out == {"pool", "applications", "replication"}
    assert health(taken(sealed)).score == 100
    speaking = {
        name for (name, _), value in values(sealed).items() if value >= KINDS[name].raise_at
    }
    assert speaking == set()


def test_weights_are_a_hundred_together():
    assert sum(rule.weight for rule in RULES) == 100


def test_plaintext_before_the_guard_costs_its_share_and_calls_nobody(sealed: Scene):
    sealed.enrol(*[SEED] * 31)

    assert 9 <= terms(sealed)["encryption"].points <= 11
    assert ("plaintext-after-guard", FIELD) not in values(sealed)


def test_plaintext_where_applications_refuse_it_is_an_incident(sealed: Scene):
    sealed.store.run(reader.telling(reader.Reader("web-1", {}, True, "refuse")))
    sealed.enrol(SEED)

    assert terms(sealed)["encryption"].points == 0
    assert values(sealed)["plaintext-after-guard", FIELD] >= 1


def test_a_guard_that_was_raised_and_is_gone_is_an_incident(sealed: Scene):
    detail = {"field": FIELD, "raised": True}
    event.append(sealed.store, Event(None, "test", Action.GUARD, detail))
    sealed.enrol(SEED)

    assert {("guard-missing", FIELD), ("plaintext-after-guard", FIELD)} <= values(sealed).keys()


def test_an_envelope_that_does_not_open_is_an_incident(sealed: Scene):
    stored = sealed.stored()
    sealed.put(1, stored[2])

    found = terms(sealed)["integrity"]
    assert (found.points, found.value) == (0, "1 do not open")
    assert values(sealed)["envelope-will-not-open", FIELD] == 1


def test_what_somebody_has_accepted_calls_nobody(sealed: Scene, admin: psycopg.Connection):
    sealed.put(1, sealed.stored()[2])
    admin.execute(
        "INSERT INTO reseal.quarantine (field, row_key, run_id, class, reason, accepted) "
        "VALUES (%s, '{1}', gen_random_uuid(), 'will-not-open', '', now())",
        [FIELD],
    )

    assert terms(sealed)["integrity"].points == 20


def test_a_key_that_is_gone_and_has_envelopes_is_an_incident(
    sealed: Scene, admin: psycopg.Connection
):
    version = sealed.activate_next_key()
    admin.execute("UPDATE reseal.data_key SET state = 'disabled', disabled = now() "
                  "WHERE version < %s", [version])  # fmt: skip

    assert values(sealed)["gone-key-in-use", f"key {version - 1}"] == 1


def test_who_still_opens_a_key_that_is_gone_is_an_incident(
    sealed: Scene, admin: psycopg.Connection
):
    version = sealed.activate_next_key()
    admin.execute("UPDATE reseal.data_key SET state = 'disabled', disabled = now() "
                  "WHERE version < %s", [version])  # fmt: skip
    opens = {version - 1: b"x" * 8}
    sealed.store.run(reader.telling(reader.Reader("web-1", opens, True, "allow")))
    admin.execute(
        "INSERT INTO reseal.key_use (version, opens, last_opened, last_opened_by) "
        "VALUES (%s, 1, now() + interval '1 second', 'web-1')",
        [version - 1],
    )

    signal = said(sealed)
    (gone,) = [one for kind, one in signal.items() if kind.name == "gone-key-in-use"]
    assert gone[f"key {version - 1}"].value == 3
    assert "web-1" in gone[f"key {version - 1}"].sentence
    assert terms(sealed)["applications"].points == 5


def test_opens_are_counted_by_instance_and_minute(sealed: Scene, admin: psycopg.Connection):
    beat = ("INSERT INTO reseal.key_use (version, opens, last_opened, last_opened_by) "
            "VALUES (1, %s, now(), 'web-1') ON CONFLICT (version) DO UPDATE "
            "SET opens = key_use.opens + excluded.opens")  # fmt: skip
    for opens in (40, 0, 2):
        admin.execute(beat, [opens])
    rows = sample.since(sealed.store, "vault.opens", watch.KEPT)

    assert {one.source for one in rows} == {"web-1"}
    assert sum(one.value for one in rows) == 42


def test_what_a_vault_opened_is_told_by_its_heartbeat(
    sealed: Scene, connect: Callable[..., Vault], admin: psycopg.Connection
):
    vault = connect()
    for _ in range(7):
        vault.read(FIELD, 1, sealed.stored()[1])
    vault.heartbeat()
    vault.read(FIELD, 2, sealed.stored()[2])
    vault.heartbeat()
    (instance,) = [name for (name,) in admin.execute("SELECT instance FROM reseal.reader")]
    rows = sample.since(sealed.store, "vault.opens", watch.KEPT)

    assert {one.source for one in rows} == {instance}
    assert sum(one.value for one in rows) == 8


def test_an_application_needs_no_right_for_its_opens_to_be_counted(
    sealed: Scene, admin: psycopg.Connection
):
    role = f"app_{uuid4().hex[:8]}"
    admin.execute(f"CREATE ROLE {role}".encode())
    schema.migrate(sealed.store, role)
    beat = key_use.telling("web-1", {1: Used(opens=5, seals=0)})
    with admin.transaction(force_rollback=True):
        admin.execute(f"SET LOCAL ROLE {role}".encode())
        for statement in beat:
            admin.execute(*statement.query("reseal", admin))
        admin.execute("RESET ROLE")
        told = admin.execute("SELECT value FROM reseal.sample WHERE name = 'vault.opens'")
        assert told.fetchall() == [(5.0,)]
    admin.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def opens(admin: psycopg.Connection, source: str, usual: float, now: float) -> None:
    """An instance that has opened so often a minute for an hour, and now opens so often."""
    admin.execute(
        "INSERT INTO reseal.sample (at, source, name, value) "
        "SELECT date_trunc('minute', clock_timestamp()) - n * interval '1 minute', %s, "
        "'vault.opens', CASE WHEN n = 0 THEN %s ELSE %s END FROM generate_series(0, 60) AS n",
        [source, now, usual],
    )


@pytest.mark.parametrize(
    ("usual", "now", "is_burst"),
    [(10, 500, False), (10, 700, True), (1000, 3000, False), (1000, 6000, True)],
)
def test_a_burst_is_told_by_the_instances_own_past(
    sealed: Scene, admin: psycopg.Connection, usual: float, now: float, is_burst: bool
):
    opens(admin, "web-1", usual, now)
    opens(admin, "web-2", 100_000, 100_000)

    assert (values(sealed)["burst-of-opens", "web-1"] >= 1) is is_burst
    assert values(sealed)["burst-of-opens", "web-2"] < 1


def test_an_instance_without_a_past_is_judged_by_the_others():
    assert past.burst(None, 1000) == 5000
    assert past.burst(None, None) == 6000


def test_pools_are_told_by_what_applications_measured(sealed: Scene):
    for source, used in (("web-1", 2.0), ("web-2", 19.0)):
        told = {"pool.used": used, "pool.size": 20.0, "pool.waiting": 1.0}
        sealed.store.run(sample.adding(source, told))
    found = terms(sealed)["pool"]

    assert found.value == "95 %"
    assert "web-2" in found.sentence
    assert 1.9 <= found.points <= 2.0


def test_a_key_beyond_its_period_is_overdue(sealed: Scene, admin: psycopg.Connection):
    admin.execute("UPDATE reseal.data_key SET activated = now() - interval '400 days', "
                  "expires = now() - interval '35 days'")  # fmt: skip

    assert terms(sealed)["age of the key"].points < 10
    assert values(sealed)["key-overdue", "key"] > 1


def test_a_table_that_is_held_is_not_measured_and_keeps_nobody_waiting(
    sealed: Scene, admin: psycopg.Connection
):
    with admin.transaction():
        admin.execute("LOCK TABLE users")
        reading = taken(sealed)

    (field,) = reading.fields
    assert isinstance(field.look, Unknown)
    assert isinstance(field.login, Unknown)


def test_without_the_key_what_it_opens_is_not_measured(sealed: Scene):
    found = terms(replace(sealed, access=replace(sealed.access, kek_uri=None)))

    assert found["integrity"].value == NOT_MEASURED
    assert "RESEAL_KEK is not set" in found["integrity"].sentence


def test_a_database_without_reseal_is_told_as_such(scene: Scene, admin: psycopg.Connection):
    admin.execute("DROP SCHEMA reseal CASCADE")
    found = health(taken(scene))

    assert found.score is not None or found.measured == 0
    assert all(term.value == NOT_MEASURED for term in found.terms if term.name != "login query")


def test_a_look_says_where_the_next_one_begins(sealed: Scene, admin: psycopg.Connection):
    admin.execute("ANALYZE users")
    (field,) = taken(sealed).fields

    assert isinstance(field.look, Look)
    assert (field.look.after, field.look.a_round) == (0, 1)
    assert field.look.opened.sealed >= 30


@pytest.mark.parametrize("lost", ["DROP SCHEMA reseal CASCADE", "TRUNCATE reseal.data_key CASCADE"])
def test_envelopes_whose_keys_are_gone_are_envelopes_that_do_not_open(sealed: Scene, lost: str):
    sealed.admin.execute("ALTER TABLE reseal.data_key DISABLE TRIGGER ALL")
    sealed.admin.execute(lost.encode())

    assert terms(sealed)["integrity"].points == 0.0
    assert values(sealed)["envelope-will-not-open", FIELD] == 30
