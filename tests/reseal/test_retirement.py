"""Is it safe to disable or destroy a key: each gate alone keeps it, and says why and what helps."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from reseal import key_census
from reseal.config import parse_config
from reseal.key_policy import KeyPolicy
from reseal.keyring import KeyState
from reseal.place import Place
from reseal.secret import Secret
from tests.conftest import USERS_FIELD
from tests.reseal.key_scene import KeyScene
from tests.reseal.scene import SEED

REMOVALS = [KeyState.DISABLED, KeyState.DESTROYED]
OTHER = USERS_FIELD | {"name": "admins.mfa_secret", "table": "admins"}
RECORD = """
INSERT INTO reseal.key_census (field, version, rows, taken)
VALUES ('users.mfa_secret', 1, %s, clock_timestamp() - make_interval(secs => %s))
"""


@pytest.fixture
def life(scene):
    return KeyScene(scene)


def prepared(life: KeyScene, then: KeyState) -> None:
    """Open every gate."""
    life.is_spare() if then is KeyState.DISABLED else life.is_disabled()


def a_row_is_written_under_it(life: KeyScene) -> None:
    """As an application does that seals with what it loaded long ago."""
    (row,) = life.scene.enrol(None)
    envelope = life.keyring_of(1).seal(Place("users.mfa_secret", (row,)), Secret(SEED))
    life.scene.put(row, str(envelope))


def a_run_kept_originals(life: KeyScene) -> None:
    """Let a run that sealed under key 1 have a backup that is kept for another month."""
    run_id = uuid4()
    life.admin.execute(
        """INSERT INTO reseal.batch (run_id, field, epoch, turn, pass, first_page, after_page,
               key_version, rows_read, changed, moved, locked, settled, empty, quarantined,
               left_alone, written)
           VALUES (%s, 'users.mfa_secret', 1, 'seal', 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
               clock_timestamp() - interval '60 days')""",
        [run_id],
    )
    backup = replace(life.scene, run_id=run_id)
    life.scene.enrol(SEED)
    assert backup.take_backup() == 1


@dataclass(frozen=True)
class Case:
    """What closes one gate of a key that may go, and what is then said."""

    gate: str
    evidence: str
    remedy: str
    spoil: Callable[[KeyScene], object] = lambda life: None
    words: dict[str, Any] = field(default_factory=dict)
    then: tuple[KeyState, ...] = tuple(REMOVALS)
    also: tuple[str, ...] = ()


CASES = {
    "a field of reseal.toml that is not in the database": Case(
        "fields that were under it",
        "not counted: admins.mfa_secret",
        "describe these fields in reseal.toml",
        lambda life: describe(life, USERS_FIELD, OTHER),
    ),
    "a row under it at the last census": Case(
        "last census",
        "1 rows, counted 20",
        "run `reseal rotate`, or ask again",
        lambda life: life.admin.execute(RECORD, [1, 0]),
        also=("base backups",),
    ),
    "a row under it now": Case(
        "census now",
        "1 rows of users.mfa_secret",
        "run `reseal rotate` and mend what it sets aside",
        a_row_is_written_under_it,
    ),
    "an application that seals under it": Case(
        "live applications",
        "sealing under it: app/2",
        "let them refresh their keys, or end them",
        lambda life: life.beats("app/2", active=1),
    ),
    "an open within the window": Case(
        "reads",
        "by app/9, retired 20",
        "7 days without an open",
        lambda life: life.opens(1, days_ago=6, instance="app/9"),
    ),
    "no application that reports": Case(
        "reads",
        "never told to open, retired 20",
        "vault.heartbeat(), or pass --assume-readers-ready",
        lambda life: life.admin.execute("DELETE FROM reseal.reader"),
    ),
    "a backup of a run that sealed under it": Case(
        "backups",
        "1 of runs that sealed under it, kept until 20",
        "when the last one expires",
        a_run_kept_originals,
    ),
    "base backups of which nothing is declared": Case(
        "base backups",
        "how long they are kept is not declared",
        "declare base_backups_kept_days in [keys] of reseal.toml, 0 where none are taken",
        lambda life: setattr(life, "policy", KeyPolicy()),
    ),
    "base backups that are kept": Case(
        "base backups",
        "kept for 30 days",
        "wait until 20",
        lambda life: setattr(life, "policy", KeyPolicy(base_backups_kept_days=30)),
    ),
    "approval by nobody": Case(
        "approval", "by nobody", "pass --approved-by", words={"approved_by": "  "}
    ),
    "a key that was disabled only now": Case(
        "time disabled",
        "disabled 20",
        "wait until 20",
        lambda life: life.admin.execute(
            "UPDATE reseal.data_key SET disabled = disabled + interval '8 days' WHERE version = 1"
        ),
        then=(KeyState.DESTROYED,),
    ),
    "a longer time in reseal.toml": Case(
        "time disabled",
        "30 days are asked for",
        "wait until 20",
        lambda life: setattr(life, "policy", KeyPolicy(base_backups_kept_days=0, disabled_days=30)),
        then=(KeyState.DESTROYED,),
    ),
}


def describe(life: KeyScene, *fields: dict[str, str]) -> None:
    life.scene.access = replace(life.scene.access, config=parse_config({"field": list(fields)}))


def counted(life: KeyScene) -> list[int]:
    """The rows under key 1 that were recorded last."""
    latest = key_census.latest(life.scene.store, 1)
    return [found.rows for found in latest.values()]


@pytest.mark.parametrize("then", REMOVALS)
def test_with_every_gate_open_a_key_goes(life, then):
    prepared(life, then)

    answer = life.asks(then)
    assert (answer.done, answer.closed) == (True, [])
    assert life.states == {1: then, 2: "active"}
    assert life.actions[-1] == f"key {then}"
    assert life.detail()["approved_by"] == "Ada"
    assert {gate["verdict"] for gate in life.detail()["gates"]} == {"pass"}
    assert {gate["remedy"] for gate in life.detail()["gates"]} == {None}


@pytest.mark.parametrize(
    ("case", "then"),
    [
        pytest.param(case, then, id=f"{then}: {name}")
        for name, case in CASES.items()
        for then in case.then
    ],
)
def test_each_gate_alone_keeps_the_key_and_says_why(life, case, then):
    prepared(life, then)
    case.spoil(life)
    before = life.everything

    answer = life.asks(then, **case.words)
    closed, *others = answer.closed
    assert (closed.name, tuple(gate.name for gate in others)) == (case.gate, case.also)
    assert case.evidence in closed.evidence
    assert case.remedy in closed.remedy
    assert not answer.done
    assert life.everything == before
    assert life.actions[-1] == f"key not {then}"
    assert closed.as_dict() in life.detail()["gates"]
    assert counted(life) == [life.keys.count([1])["users.mfa_secret"][1]]


def test_two_counts_without_a_row_are_asked_for_one_after_the_other(life):
    prepared(life, KeyState.DISABLED)
    life.admin.execute("DELETE FROM reseal.key_census")

    closed = life.asks(KeyState.DISABLED).closed
    assert [gate.name for gate in closed] == ["last census", "base backups"]
    assert life.asks(KeyState.DISABLED).done


def test_what_was_counted_while_the_key_could_still_seal_proves_nothing(life):
    prepared(life, KeyState.DISABLED)
    life.admin.execute("UPDATE reseal.key_census SET taken = taken - interval '100 days'")
    life.policy = KeyPolicy(base_backups_kept_days=30)

    closed = {gate.name: gate for gate in life.asks(KeyState.DISABLED).closed}
    assert closed.keys() == {"last census", "base backups"}
    assert closed["last census"].evidence == "none since it retired"
    assert "no census without the key" in closed["base backups"].evidence


def test_an_application_that_does_not_report_may_be_assumed_not_to_need_it(life):
    prepared(life, KeyState.DISABLED)
    life.admin.execute("DELETE FROM reseal.reader")

    answer = life.asks(KeyState.DISABLED, assumed=True)
    assert answer.done
    (reads,) = (gate for gate in answer.gates if gate.name == "reads")
    assert reads.evidence.endswith("0 applications report; assumed not to need it")


def test_assuming_does_not_open_the_gate_of_an_application_that_reports(life):
    prepared(life, KeyState.DISABLED)
    life.beats("app/2", active=1)
    life.opens(1, days_ago=1)

    closed = life.asks(KeyState.DISABLED, assumed=True).closed
    assert [gate.name for gate in closed] == ["live applications", "reads"]


@pytest.mark.parametrize(("days", "is_open"), [(29, False), (31, True)])
def test_base_backups_are_counted_from_the_first_census_without_the_key(life, days, is_open):
    life.is_spare()
    life.policy = KeyPolicy(base_backups_kept_days=30)
    life.passes(days=days - 8)

    assert life.asks(KeyState.DISABLED).done is is_open


def test_a_row_that_turned_up_later_restarts_the_time_of_base_backups(life):
    prepared(life, KeyState.DISABLED)
    life.passes(days=40)
    life.admin.execute(RECORD, [1, 20 * 86400])
    life.admin.execute(RECORD, [0, 10 * 86400])
    life.policy = KeyPolicy(base_backups_kept_days=30)

    (closed,) = life.asks(KeyState.DISABLED).closed
    assert closed.name == "base backups"
    life.policy = KeyPolicy(base_backups_kept_days=9)
    assert life.asks(KeyState.DISABLED).done


@pytest.mark.parametrize("edit", ["expires = clock_timestamp()", "wrapped = NULL"])
def test_a_backup_that_is_expired_or_erased_keeps_no_key(life, edit):
    prepared(life, KeyState.DISABLED)
    a_run_kept_originals(life)
    life.admin.execute(f"UPDATE reseal.backup_set SET {edit}".encode())

    assert life.asks(KeyState.DISABLED).done


def test_a_field_that_vanished_from_the_configuration_keeps_the_key(life):
    life.admin.execute("CREATE TABLE admins (LIKE users INCLUDING ALL)")
    prepared(life, KeyState.DISABLED)
    describe(life, OTHER)
    life.asks(KeyState.DISABLED)

    (closed,) = life.asks(KeyState.DISABLED).closed
    assert closed.name == "fields that were under it"
    assert closed.evidence == "not counted: users.mfa_secret"


def test_with_no_field_to_be_counted_nothing_is_safe(life):
    prepared(life, KeyState.DISABLED)
    life.admin.execute("DELETE FROM reseal.key_census; DELETE FROM reseal.batch")
    life.admin.execute("ALTER TABLE users RENAME TO people")

    names = [gate.name for gate in life.asks(KeyState.DISABLED).closed]
    assert names == ["fields that were under it", "last census", "base backups"]


def test_a_key_that_is_brought_back_has_to_rest_anew(life):
    life.is_disabled()
    life.keys.retire(1)

    names = [gate.name for gate in life.asks(KeyState.DISABLED).closed]
    assert names == ["last census", "reads", "base backups"]
    life.asks(KeyState.DISABLED)
    life.passes(days=7)
    assert life.asks(KeyState.DISABLED).done
    (closed,) = life.asks(KeyState.DESTROYED).closed
    assert closed.name == "time disabled"
