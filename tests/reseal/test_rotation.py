"""The core of a rotation: transitions, staging, readers, and what the sweep backs up."""

import pytest
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.audit.action import Action
from reseal.census import Census
from reseal.envelope import Envelope
from reseal.errors import Refused
from reseal.keyring import DataKey, KeyState
from reseal.rotation import (
    URGENT_SECONDS,
    WAIT_SECONDS,
    Wait,
    await_openers,
    await_readers,
    await_sealers,
    is_unfinished,
    let_go,
    need_readers,
    promised,
)
from reseal.secret import Secret
from reseal.store import data_key, event, reader
from reseal.store.event import Event
from reseal.store.reader import Reader
from reseal.sweep.turn import Turn
from tests.conftest import SENTINEL

STAGED = DataKey.fresh(2, KeyState.STAGED)
RIGHT, WRONG = {1: b"one", 2: STAGED.check_value}, {1: b"one", 2: b"other"}


def beat(store, instance, opens, active=None, *, seals=True):
    store.run(reader.telling(Reader(instance, opens, seals=seals, policy="allow", active=active)))


class Clock:
    """A clock that a sleep moves on; `after` says what happens at which second."""

    def __init__(self, **after):
        self.now, self.after = 0.0, {int(name[1:]): work for name, work in after.items()}

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.after.pop(round(self.now), lambda: None)()


def wait(store, clock, *, assumed=False):
    how = Wait(clock.sleep, clock, assumed=assumed, otherwise="key 2 stays staged")
    return list(await_readers(store, 2, STAGED.check_value, how).instances)


def test_readers_that_open_the_key_are_ready_at_once(store):
    beat(store, "a/1", RIGHT)
    beat(store, "b/2", RIGHT)
    clock = Clock()

    assert wait(store, clock) == ["a/1", "b/2"]
    assert clock.now == 0.0


@pytest.mark.parametrize("opens", [{1: b"one"}, WRONG, {}])
def test_a_reader_without_the_key_or_with_other_bytes_is_waited_for(store, opens):
    beat(store, "a/1", RIGHT)
    beat(store, "b/2", opens)
    clock = Clock(_7=lambda: beat(store, "b/2", RIGHT))

    assert wait(store, clock) == ["a/1", "b/2"]
    assert clock.now == 7.0


@pytest.mark.parametrize("assumed", [False, True])
def test_a_reader_that_never_learns_the_key_is_named(store, assumed):
    beat(store, "a/1", RIGHT)
    beat(store, "b/2", WRONG)
    clock = Clock()

    with pytest.raises(Refused, match=r"1 live readers do not open key 2: b/2;.* stays staged"):
        wait(store, clock, assumed=assumed)
    assert clock.now == WAIT_SECONDS == 120.0


def test_of_many_readers_ten_are_named(store):
    for number in range(12):
        beat(store, f"host{number:02}", WRONG)

    with pytest.raises(Refused, match=r"12 live readers.*host09 and 2 more"):
        wait(store, Clock())


def test_a_reader_that_is_gone_is_not_waited_for(store, admin):
    beat(store, "a/1", RIGHT)
    beat(store, "b/2", WRONG)
    gone = "UPDATE reseal.reader SET seen = seen - interval '2 minutes' WHERE instance = 'b/2'"
    clock = Clock(_90=lambda: admin.execute(gone))

    assert wait(store, clock) == ["a/1"]
    assert clock.now == 90.0


def test_where_nobody_reports_readiness_must_be_assumed(store, admin):
    beat(store, "a/1", RIGHT)
    need_readers(store)
    admin.execute("UPDATE reseal.reader SET seen = seen - interval '2 minutes'")

    with pytest.raises(Refused, match="--assume-readers-ready"):
        need_readers(store)
    with pytest.raises(Refused, match="--assume-readers-ready; key 2 stays staged"):
        wait(store, Clock())
    assert wait(store, Clock(), assumed=True) == []


@pytest.mark.parametrize(
    ("sealed", "unreadable", "staged", "expected"),
    [
        ([{2: 5}], 0, [], False),
        ([{}], 0, [], False),
        ([{1: 1, 2: 5}], 0, [], True),
        ([{2: 5}, {1: 1}], 0, [], True),
        ([{1: 1, 2: 5}], 0, [3], False),
        ([{1: 1, 2: 5}], 1, [], False),
        ([{1: 2, 2: 5}], 1, [], True),
    ],
)
def test_a_rotation_is_unfinished_while_readable_rows_are_under_another_key(
    sealed, unreadable, staged, expected
):
    counted = [(Census(sealed=one), unreadable) for one in sealed]

    assert is_unfinished(counted, 2, staged) is expected


def test_in_an_emergency_a_reader_that_is_late_is_named_and_not_waited_for(store):
    beat(store, "a/1", RIGHT)
    beat(store, "b/2", WRONG)
    clock = Clock()

    ready = await_readers(store, 2, STAGED.check_value, Wait(clock.sleep, clock, urgent=True))
    assert (ready.instances, ready.late) == (("a/1",), ("b/2",))
    assert clock.now == URGENT_SECONDS < WAIT_SECONDS
    reader_less = Wait(clock.sleep, clock, urgent=True)
    store.execute("DELETE FROM {reseal}.reader")
    assert await_readers(store, 2, STAGED.check_value, reader_less).instances == ()


def test_readers_that_still_seal_under_another_key_are_waited_for_and_named(store):
    beat(store, "new", RIGHT, active=2)
    beat(store, "silent", RIGHT)
    beat(store, "plain", RIGHT, active=1, seals=False)
    beat(store, "old", RIGHT, active=1)
    clock = Clock(_9=lambda: beat(store, "old", RIGHT, active=2))

    assert await_sealers(store, 2, Wait(clock.sleep, clock)) == []
    assert clock.now == 9.0
    assert await_sealers(store, 1, Wait(clock.sleep, clock)) == ["new", "old"]


def test_whoever_does_not_open_the_key_that_seals_is_waited_for_a_while(store):
    beat(store, "a/1", RIGHT)
    beat(store, "b/2", WRONG)
    clock = Clock(_5=lambda: beat(store, "b/2", RIGHT))
    await_openers(store, 2, STAGED.check_value, Wait(clock.sleep, clock))
    assert clock.now == 5.0

    beat(store, "b/2", WRONG)
    await_openers(store, 2, STAGED.check_value, Wait(clock.sleep, clock))
    assert clock.now == 5.0 + WAIT_SECONDS


def test_whom_an_emergency_went_on_without_is_not_waited_for_again(store):
    beat(store, "b/2", WRONG)
    said = {"key_version": 2, "instances": [], "late": ["b/2"]}
    assert let_go(store, 2) == set()
    event.append(store, Event(None, "ada", Action.READERS_READY, said))
    clock = Clock()

    await_openers(store, 2, STAGED.check_value, Wait(clock.sleep, clock))
    assert clock.now == 0.0
    assert let_go(store, 2) == {"b/2"}
    assert let_go(store, 3) == set()


def test_the_census_promises_plaintext_and_rows_under_other_keys():
    assert (
        promised(Census(empty=1, plain=2, foreign=4, unrecognised=8, sealed={1: 16, 2: 32}), 2)
        == 18
    )


def test_a_vault_made_before_never_fails_a_read_and_seals_under_the_next_key(
    scene, database, config, access
):
    with ConnectionPool(database, min_size=1) as pool:
        old, told = (Vault.connect(pool, config, access.kek(), beats=None) for _ in range(2))
        rows = scene.enrol(*[SENTINEL] * 3)
        for row in rows:
            scene.put(row, old.seal(scene.name, row, SENTINEL))

        def read():
            stored = scene.stored()
            return {
                vault.read(scene.name, row, stored[row]).reveal()
                for vault in (old, told)
                for row in rows
            }

        assert read() == {SENTINEL}
        version = data_key.ensure_staged(scene.store, access.kek(), "test")
        told.refresh()
        assert read() == {SENTINEL}
        data_key.activate(scene.store, version)
        assert read() == {SENTINEL}
        # An instance that has not looked since still seals under the old key, and others read it.
        scene.put(rows[2], told.seal(scene.name, rows[2], SENTINEL))
        assert scene.sweep(Turn.RESEAL).changed == 3
        assert read() == {SENTINEL}
        assert scene.census().sealed == {version: 3}
        assert Envelope.parse(old.seal(scene.name, rows[0], SENTINEL)).key_version == version


def test_a_resealing_run_backs_up_late_plaintext_and_no_envelope(scene):
    early, late, sealed = scene.enrol("EARLYEARLY234567", None, None)
    keyring, place = scene.keyring, scene.target.field.place
    scene.activate_next_key()
    assert scene.back_up() == 1
    scene.put(late, SENTINEL)
    scene.put(sealed, str(keyring.seal(place((sealed,)), Secret(SENTINEL))))

    assert scene.sweep(Turn.RESEAL).changed == 3
    assert scene.census().sealed == {2: 3}
    assert scene.originals() == {(str(early),): "EARLYEARLY234567", (str(late),): SENTINEL}
