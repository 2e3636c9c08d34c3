"""What a person may do to the data keys, what is refused, and what the audit log says of both."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reseal.audit.verify import verify_log
from reseal.errors import ConfigurationError, FieldBusy, KekError, KeyringError, Refused
from reseal.kek import open_kek
from reseal.keyring import DataKey, KeyState
from reseal.store import data_key, reader
from reseal.store.control import hold_keys
from reseal.store.reader import Reader
from reseal.sweep.turn import Turn
from tests.reseal.key_scene import Clock, KeyScene, waiting
from tests.reseal.scene import SEED


@pytest.fixture
def life(scene):
    return KeyScene(scene)


@pytest.fixture
def other(scene):
    """A second person at the same database, who does not wait long."""
    store = scene.access.store("other")
    yield KeyScene(replace(scene, store=store))
    store.close()


def test_staging_twice_makes_one_key_and_says_so(life):
    assert life.keys.stage() == (2, True)
    assert life.keys.stage("bob") == (2, False)

    assert life.states == {1: "active", 2: "staged"}
    assert life.actions == ["key staged", "key staged"]
    assert life.detail() == {"key_version": 2, "taken_up": True}


def test_no_key_is_staged_under_a_kek_that_does_not_open_the_others(life, keys):
    wrong = KeyScene(replace(life.scene, access=replace(life.scene.access, kek_uri="env:OTHER")))
    wrong.scene.access = replace(
        wrong.scene.access, variables={**keys, "OTHER": keys["TEST_BACKUP_KEK"]}
    )

    with pytest.raises(KekError, match="env:OTHER does not open the stored data keys"):
        wrong.keys.stage()
    assert life.states == {1: "active"}
    assert sorted(life.scene.keyring.check_values) == [1]


def test_activating_waits_for_the_readers_that_are_late(life):
    life.beats("app/1")
    life.keys.stage()
    clock = Clock(_7=lambda: life.beats("app/1"))

    assert life.keys.activate(2, waiting(clock)) == ["app/1"]
    assert clock.now == 7.0
    assert life.states == {1: "retiring", 2: "active"}
    assert life.detail() == {
        "key_version": 2, "previous": 1, "retiring": [1], "instances": ["app/1"], "assumed": False,
    }  # fmt: skip


@pytest.mark.parametrize("assumed", [False, True])
def test_a_reader_that_stays_late_keeps_the_key_from_becoming_active(life, assumed):
    life.beats("app/1")
    life.keys.stage()
    before = life.everything

    with pytest.raises(Refused, match="app/1"):
        life.keys.activate(2, waiting(assumed=assumed))
    assert life.everything == before
    assert life.actions == ["key staged"]


def test_where_nobody_reports_that_must_be_assumed_and_is_recorded(life):
    life.keys.stage()
    with pytest.raises(Refused, match="--assume-readers-ready"):
        life.keys.activate(2, waiting())
    assert life.states[2] == "staged"

    assert life.keys.activate(2, waiting(assumed=True)) == []
    assert life.detail()["assumed"] is True


def test_a_rotation_is_turned_back_by_activating_the_key_before(life):
    life.scene.enrol(SEED)
    life.scene.sweep()
    life.rotates()

    life.keys.activate(1, waiting(assumed=True))
    life.scene = life.scene.again()
    life.scene.sweep(Turn.RESEAL)
    assert life.states == {1: "active", 2: "retiring"}
    assert life.scene.census().sealed == {1: 1}
    assert life.scene.opened() == {1: SEED}


def test_a_compromised_key_is_never_activated(life):
    life.rotates()
    data_key.mark_compromised(life.scene.store, 1)
    life.scene.store.run(reader.telling(Reader("late/1", {}, seals=True, policy="allow")))
    before, clock = life.everything, Clock()

    with pytest.raises(Refused, match="1 was compromised and must not seal again"):
        life.keys.activate(1, waiting(clock))
    assert life.everything == before
    assert clock.now == 0.0


def test_a_disabled_key_is_not_loaded_and_is_brought_back_by_retiring_it(life):
    life.is_disabled()
    assert sorted(life.scene.keyring.check_values) == [2]

    life.keys.retire(1)
    assert sorted(life.scene.keyring.check_values) == [1, 2]
    assert life.states == {1: "retiring", 2: "active"}
    assert life.actions[-1] == "key retired"


def test_a_disabled_key_that_does_not_open_is_not_brought_back(life):
    life.is_disabled()
    life.admin.execute("UPDATE reseal.data_key SET wrapped = 'x' WHERE version = 1")

    with pytest.raises(KekError, match="does not open"):
        life.keys.retire(1)
    assert life.states == {1: "disabled", 2: "active"}
    assert life.scene.keyring.active == 2


def test_a_staged_key_is_given_up_by_retiring_it(life):
    life.keys.stage()
    life.keys.retire(2)

    assert life.states == {1: "active", 2: "retiring"}
    assert life.keys.stage() == (3, True)


def test_a_destroyed_key_leaves_no_bytes_and_its_record(life):
    life.is_disabled()
    assert life.asks(KeyState.DESTROYED).done

    assert life.admin.execute(
        "SELECT version FROM reseal.data_key WHERE wrapped IS NULL"
    ).fetchall()
    (record, _) = life.keys.inventory()
    assert (record["state"], record["strength"], record["owner"]) == ("destroyed", 256, "test")
    assert record["destroyed"] > record["disabled"] > record["retired"] > record["activated"]
    for command in (
        lambda: life.keys.activate(1, waiting(assumed=True)),
        lambda: life.keys.retire(1),
        lambda: life.asks(KeyState.DISABLED),
        lambda: life.asks(KeyState.DESTROYED),
    ):
        with pytest.raises(Refused, match="1 is destroyed and cannot become"):
            command()


COMMANDS = {
    "activate": lambda life, version: life.keys.activate(version, waiting(assumed=True)),
    "retire": lambda life, version: life.keys.retire(version),
    "disable": lambda life, version: life.asks(KeyState.DISABLED, version),
    "destroy": lambda life, version: life.asks(KeyState.DESTROYED, version),
}
# From each state, what is refused out of hand, whatever the gates say.
REFUSED = {
    "staged": ("disable", "destroy"),
    "active": ("retire", "disable", "destroy"),
    "retiring": ("retire", "destroy"),
    "disabled": ("activate", "disable"),
    "destroyed": tuple(COMMANDS),
}


@pytest.mark.parametrize(
    ("state", "command"), [(state, name) for state, names in REFUSED.items() for name in names]
)
def test_what_may_not_follow_a_state_is_refused_and_nothing_changes(life, state, command):
    version = 1 if state == "active" else 2
    if version == 2:
        made = DataKey.fresh(2, KeyState.DISABLED if state == "destroyed" else KeyState(state))
        data_key._add(life.scene.store, life.scene.access.kek(), made, "test")
    if state == "destroyed":
        data_key.move(life.scene.store, 2, KeyState.DESTROYED)
    before = life.everything

    with pytest.raises(Refused, match=rf"data key {version} is "):
        COMMANDS[command](life, version)
    assert life.everything == before
    assert life.actions == []
    assert life.admin.execute("SELECT count(*) FROM reseal.key_census").fetchone() == (0,)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_version_that_there_is_not_is_named_with_those_that_there_are(life, command):
    life.keys.stage()

    with pytest.raises(ConfigurationError, match="no data key 9; there is: 1, 2"):
        COMMANDS[command](life, 9)
    assert life.actions == ["key staged"]


def test_one_person_at_a_time(life):
    new = open_kek("env:TEST_BACKUP_KEK", life.scene.access.variables)
    commands = [
        *COMMANDS.values(),
        lambda life, _: life.keys.stage(),
        lambda life, _: life.keys.rewrap(new),
    ]
    before = life.everything

    def gives(command) -> str:
        store = life.scene.access.store("other")
        try:
            command(KeyScene(replace(life.scene, store=store)), 1)
        except FieldBusy as busy:
            return str(busy)
        finally:
            store.close()
        return "it was done"

    with hold_keys(life.scene.store), ThreadPoolExecutor(len(commands)) as people:
        told = list(people.map(gives, commands))
    assert set(told) == {"another run is working on the data keys; wait for it or stop it"}
    assert life.everything == before


def test_two_people_who_stage_at_once_stage_one_key(life, other):
    with ThreadPoolExecutor() as people:
        staged = list(people.map(lambda one: one.keys.stage(), [life, other]))

    assert sorted(staged) == [(2, False), (2, True)]
    assert life.actions == ["key staged", "key staged"]


def test_what_fails_on_the_way_lets_the_next_one_in(life, other):
    with pytest.raises(Refused):
        life.keys.retire(1)
    with pytest.raises(ConfigurationError):
        life.keys.retire(9)

    assert other.keys.stage() == (2, True)


def test_a_removal_that_fails_after_the_counting_leaves_nothing(life):
    life.is_spare()
    life.admin.execute(
        """CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN RAISE EXCEPTION 'no'; END $$;
           CREATE TRIGGER fail BEFORE INSERT ON reseal.event FOR EACH ROW EXECUTE FUNCTION fail()"""
    )
    before = life.everything, life.admin.execute("SELECT * FROM reseal.key_census").fetchall()

    with pytest.raises(Exception, match="the database said"):
        life.asks(KeyState.DISABLED)
    assert before == (
        life.everything,
        life.admin.execute("SELECT * FROM reseal.key_census").fetchall(),
    )


def test_a_whole_life_leaves_an_unbroken_chain(life):
    life.is_disabled()
    life.keys.retire(1)
    life.passes(days=8)
    assert not life.asks(KeyState.DISABLED).done
    life.passes(days=8)
    assert life.asks(KeyState.DISABLED).done
    life.passes(days=8)
    assert not life.asks(KeyState.DESTROYED, approved_by="").done
    assert life.asks(KeyState.DESTROYED).done

    assert life.actions == [
        "key staged", "key activated", "key disabled", "key retired", "key not disabled",
        "key disabled", "key not destroyed", "key destroyed",
    ]  # fmt: skip
    assert verify_log(life.scene.store).holds


def test_without_an_active_key_nothing_is_staged(life):
    life.admin.execute("UPDATE reseal.data_key SET state = 'retiring'")

    with pytest.raises(KeyringError, match="0 data keys are active"):
        life.keys.stage()
    assert life.states == {1: "retiring"}
