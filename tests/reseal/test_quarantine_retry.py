"""Quarantined rows are tried again by themselves, as a run of its own that can be rolled back."""

from dataclasses import replace

import psycopg
import pytest

from reseal.audit.action import Action
from reseal.audit.verify import verify_log
from reseal.envelope import Envelope
from reseal.errors import FieldBusy, SettingsError, StoreError
from reseal.outcome import Outcome
from reseal.quarantine.judgement import Fate
from reseal.quarantine.retry import FLOW, Retry
from reseal.quarantine.trouble import Trouble
from reseal.store import event, ledger
from reseal.store.control import hold
from reseal.sweep.turn import Turn
from reseal.undoable import Undoing, need_undoable
from tests.reseal.retrying import fates, of_run, retry
from tests.reseal.scene import SEED, Scene

NEW = "NEWSECRET2345672"
RUNS = "SELECT count(*) FROM reseal.run"
ENDED = "SELECT outcome, finished IS NOT NULL FROM reseal.run WHERE run_id = %s"
READ = "SELECT coalesce(sum(rows_read), 0)::int FROM reseal.batch WHERE run_id = %s"
TIGHT = "ALTER TABLE users ADD CONSTRAINT tight CHECK (id <> 1 OR length(mfa_secret) < 100)"
LOOSE = "ALTER TABLE users DROP CONSTRAINT tight"


@pytest.fixture
def refused(scene: Scene) -> Scene:
    """Two users, the first of whom no envelope is let into."""
    scene.enrol(SEED, SEED)
    scene.admin.execute(TIGHT)
    assert scene.sweep().quarantined == 1
    return scene


def test_a_row_that_is_no_longer_refused_is_sealed_and_its_original_kept(refused):
    refused.admin.execute(LOOSE)
    retried = retry(refused)

    assert (retried.outcome, fates(retried)) == (Outcome.DONE, {"1": Fate.SEALED})
    assert refused.opened() == {1: SEED, 2: SEED}
    assert of_run(refused, retried).originals() == {("1",): SEED}
    assert refused.records() == []


def test_a_row_that_still_cannot_be_sealed_is_left_and_named(refused):
    retried = retry(refused)

    assert (retried.outcome, fates(retried)) == (Outcome.PARTIAL, {"1": Fate.LEFT})
    (record,) = refused.records()
    assert (record.trouble, record.run_id) == (Trouble.REFUSED, retried.run_id)
    assert refused.stored()[1] == SEED
    assert of_run(refused, retried).originals() == {("1",): SEED}


def test_the_rows_beside_it_on_the_page_are_not_touched(refused):
    refused.activate_next_key()
    (new,) = refused.enrol(NEW)
    before = refused.stored()
    refused.admin.execute(LOOSE)
    retried = retry(refused)

    after = refused.stored()
    assert (after[2], after[new]) == (before[2], NEW)
    assert Envelope.parse(str(after[1])).key_version == 2
    assert refused.admin.execute(READ, [retried.run_id]).fetchone() == (1,)


def test_what_opens_again_goes_under_the_active_key(scene):
    scene.enrol(SEED, SEED)
    scene.sweep()
    whole = scene.stored()
    envelope = Envelope.parse(str(whole[1]))
    scene.put(1, str(Envelope(1, envelope.iv, bytes(16), envelope.ciphertext)))
    scene.activate_next_key()
    assert scene.again().sweep(Turn.RESEAL).quarantined == 1
    scene.put(1, whole[1])
    retried = retry(scene)

    assert (retried.outcome, fates(retried)) == (Outcome.DONE, {"1": Fate.RESEALED})
    assert scene.census().sealed == {2: 2}
    assert scene.opened() == {1: SEED, 2: SEED}


def test_where_a_key_came_back_its_rows_are_resealed(scene):
    scene.enrol(SEED, SEED)
    scene.sweep()
    scene.activate_next_key()
    scene.admin.execute("UPDATE reseal.data_key SET state = 'disabled' WHERE version = 1")
    assert scene.again().sweep(Turn.RESEAL).quarantined == 2
    assert set(fates(retry(scene)).values()) == {Fate.LEFT}
    scene.admin.execute("UPDATE reseal.data_key SET state = 'retiring' WHERE version = 1")

    assert set(fates(retry(scene)).values()) == {Fate.RESEALED}
    assert scene.census().sealed == {2: 2}


def deleted(scene: Scene) -> None:
    scene.admin.execute("DELETE FROM users WHERE id = 1")


def disabled(scene: Scene) -> None:
    scene.put(1, None)


def emptied(scene: Scene) -> None:
    scene.put(1, "")


def sealed_by_the_application(scene: Scene) -> None:
    place = scene.target.field.place((1,))
    sealing = scene.access.keyring(scene.store, seals=True)
    scene.put(1, str(sealing.seal(place, scene.target.column.secret(NEW))))


def enrolled_in_plaintext(scene: Scene) -> None:
    scene.put(1, NEW)


def damaged(scene: Scene) -> None:
    envelope = Envelope.parse(str(scene.stored()[2]))
    scene.put(1, str(Envelope(1, envelope.iv, bytes(16), envelope.ciphertext)))


def another_rows_envelope(scene: Scene) -> None:
    scene.put(1, scene.stored()[2])


def another_stranger(scene: Scene) -> None:
    scene.put(1, "gAAAAAx")


def cut_off(scene: Scene) -> None:
    scene.put(1, str(scene.stored()[2])[:-8])


SINCE = {
    "deleted": (deleted, Fate.GONE, None),
    "disabled": (disabled, Fate.GONE, None),
    "emptied": (emptied, Fate.GONE, None),
    "sealed by the application": (sealed_by_the_application, Fate.GONE, None),
    "enrolled in plaintext": (enrolled_in_plaintext, Fate.SEALED, None),
    "damaged": (damaged, Fate.LEFT, Trouble.WILL_NOT_OPEN),
    "another row's envelope": (another_rows_envelope, Fate.LEFT, Trouble.WILL_NOT_OPEN),
    "another stranger": (another_stranger, Fate.LEFT, Trouble.FOREIGN),
    "cut off": (cut_off, Fate.LEFT, Trouble.MALFORMED),
}


@pytest.mark.parametrize(("change", "fate", "trouble"), SINCE.values(), ids=SINCE)
def test_what_a_row_holds_by_now_decides(scene, change, fate, trouble):
    scene.enrol("hunter2", SEED)
    scene.sweep()
    change(scene)
    stands = scene.stored()

    assert fates(retry(scene)) == {"1": fate}
    assert [row.trouble for row in scene.records()] == ([trouble] if trouble else [])
    if fate is not Fate.SEALED:
        assert scene.stored() == stands


def test_a_row_that_the_application_holds_is_waited_for_and_then_left(refused, database):
    refused.admin.execute(LOOSE)
    with psycopg.connect(database) as other:
        other.execute("SELECT 1 FROM users WHERE id = 1 FOR UPDATE")
        retried = retry(refused)

    assert (retried.outcome, fates(retried)) == (Outcome.PARTIAL, {"1": Fate.LEFT})
    assert refused.stored()[1] == SEED
    assert [row.key for row in refused.records()] == [("1",)]
    assert fates(retry(refused)) == {"1": Fate.SEALED}


def test_another_runner_is_not_disturbed_and_nothing_is_recorded(refused):
    other = refused.access.store("test")
    with hold(other, refused.name, refused.again().run_id), pytest.raises(FieldBusy):
        retry(refused)
    other.close()

    assert refused.admin.execute(RUNS).fetchone() == (0,)
    assert [row.run_id for row in refused.records()] == [refused.run_id]


def test_without_the_backup_key_nothing_begins(refused):
    access = replace(refused.access, backup_kek_uri=None)

    with pytest.raises(SettingsError, match="RESEAL_BACKUP_KEK"):
        retry(replace(refused, access=access))
    assert refused.admin.execute(RUNS).fetchone() == (0,)


def test_where_nothing_is_set_aside_there_is_no_run(scene):
    retried = Retry(scene.access, scene.store, "test").carry_out({scene.name: frozenset()})

    assert (retried.run_id, retried.outcome) == (None, Outcome.DONE)
    assert scene.admin.execute(RUNS).fetchone() == (0,)


def test_it_is_a_run_of_its_own_in_the_ledger_and_in_the_audit_log(refused):
    retried = retry(refused)
    assert retried.run_id
    record = ledger.find(refused.store, retried.run_id)
    assert (record.flow, record.fields, record.outcome) == (FLOW, (refused.name,), "partial")
    assert refused.admin.execute(ENDED, [retried.run_id]).fetchone() == ("partial", True)
    told = event.latest(refused.store, Action.QUARANTINE_TRIED_AGAIN, retried.run_id)
    assert told == {
        "field": refused.name, "tried": 1, "sealed": 0, "resealed": 0, "left": 1, "gone": 0,
    }  # fmt: skip
    assert event.latest(refused.store, Action.RUN_FINISHED, retried.run_id)
    assert verify_log(refused.store).holds


def test_a_fault_on_the_way_is_recorded_as_the_run_s_end(refused):
    refused.admin.execute(LOOSE)
    refused.admin.execute(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE 'no' USING ERRCODE = 'XX000'; END $$;"
        "CREATE TRIGGER no BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION no()"
    )

    with pytest.raises(StoreError, match="the database said"):
        retry(refused)
    ended = refused.admin.execute("SELECT outcome FROM reseal.run").fetchone()
    assert ended == ("failed",)
    assert [row.key for row in refused.records()] == [("1",)]


def test_it_can_be_rolled_back(refused):
    refused.admin.execute(LOOSE)
    retried = of_run(refused, retry(refused))
    kek = refused.access.backup_kek()
    found = need_undoable(refused.store, str(retried.run_id), kek, newer=False)

    assert (found.record.flow, found.how) == (FLOW, Undoing.RESTORE)
    assert refused.again().roll_back(retried).changed == 1
    assert refused.stored()[1] == SEED
    assert refused.opened() == {1: SEED, 2: SEED}
