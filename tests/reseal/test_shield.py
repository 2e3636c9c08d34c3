"""The shield: the plaintext that was sealed meanwhile does not come back, anything else passes."""

import psycopg
import pytest

from reseal.envelope import PREFIX
from reseal.shield import drop_shield, raise_shield, stands
from reseal.store.connection import Connection
from reseal.store.store import Store
from reseal.sweep.job import SWEEPING
from reseal.sweep.turn import Turn
from tests.reseal.scene import SEED
from tests.reseal.shielding import NEW, SAVE, save, seal, triggers


def test_without_it_plaintext_that_was_read_before_comes_back(scene):
    (row,) = scene.enrol(SEED)
    seal(scene)

    save(scene, row, SEED)
    assert scene.stored() == {row: SEED}


def test_with_it_the_envelope_stays_and_the_rest_of_the_row_is_saved(scene):
    (row,) = scene.enrol(SEED)
    raise_shield(scene.store, scene.target)
    seal(scene)
    sealed = scene.stored()

    save(scene, row, SEED)
    assert scene.stored() == sealed
    assert scene.admin.execute("SELECT email FROM users").fetchone() == (f"saved{row}@example.com",)


def test_a_new_enrolment_passes_and_is_sealed_by_the_next_pass(scene):
    (row,) = scene.enrol(SEED)
    raise_shield(scene.store, scene.target)
    seal(scene)

    save(scene, row, NEW)
    assert scene.stored() == {row: NEW}
    assert scene.sweep().changed == 1
    save(scene, row, NEW)
    assert scene.opened() == {row: NEW}


@pytest.mark.parametrize("written", [None, "", "gAAAAAx", "hunter2!"])
def test_what_is_no_plaintext_of_the_backup_passes(scene, written):
    (row,) = scene.enrol(SEED)
    raise_shield(scene.store, scene.target)
    seal(scene)

    save(scene, row, written)
    assert scene.stored() == {row: written}


def test_the_secret_of_another_row_passes(scene):
    one, other = scene.enrol(SEED, NEW)
    raise_shield(scene.store, scene.target)
    seal(scene)

    save(scene, one, NEW)
    assert scene.stored()[one] == NEW
    assert scene.stored()[other].startswith(PREFIX)


def test_what_was_enrolled_between_backup_and_sweep_is_known_too(scene):
    (row,) = scene.enrol(SEED)
    raise_shield(scene.store, scene.target)
    scene.back_up()
    scene.put(row, NEW)
    scene.sweep()

    save(scene, row, NEW)
    assert scene.opened() == {row: NEW}


def test_what_an_earlier_run_sealed_is_known_too(scene):
    (row,) = scene.enrol(SEED)
    raise_shield(scene.store, scene.target)
    seal(scene)
    scene.activate_next_key()
    later = scene.again()
    later.back_up()
    later.sweep(Turn.RESEAL)

    save(later, row, SEED)
    assert later.opened() == {row: SEED}


def test_a_save_that_waited_for_the_sweep_meets_the_envelope(scene):
    """The sweep's transaction holds the row; what it commits is there when the save goes on."""
    (row,) = scene.enrol(SEED)
    raise_shield(scene.store, scene.target)
    scene.back_up()
    sealed = scene.keyring.seal(scene.target.field.place((row,)), scene.target.column.secret(SEED))
    with psycopg.connect(scene.access.url) as sweep, psycopg.connect(scene.access.url) as saver:
        sweep.execute(SWEEPING)
        sweep.execute("UPDATE users SET mfa_secret = %s WHERE id = %s", [str(sealed), row])
        saver.pgconn.send_query_params(
            SAVE.replace("%s", "$1", 1).replace("%s", "$2", 1).replace("%s", "$3", 1).encode(),
            [b"late@example.com", SEED.encode(), str(row).encode()],
        )
        sweep.commit()
        while saver.pgconn.get_result():
            pass
        saver.pgconn.exec_(b"COMMIT")

    assert scene.stored() == {row: str(sealed)}
    assert scene.admin.execute("SELECT email FROM users").fetchone() == ("late@example.com",)


def test_it_is_raised_once_and_a_second_time_takes_no_lock(scene):
    raise_shield(scene.store, scene.target)
    assert stands(scene.store, scene.target)
    with psycopg.connect(scene.access.url) as writer:
        writer.execute("LOCK TABLE users IN ROW EXCLUSIVE MODE")
        other = Store(Connection.open(scene.access.url, "reseal test"))
        other.connection.execute("SET lock_timeout = '50ms'")
        raise_shield(other, scene.target)
        other.close()

    assert len(triggers(scene)) == 3


def test_with_another_condition_it_takes_the_place_of_the_one_before(scene):
    raise_shield(scene.store, scene.target)
    before = triggers(scene)
    other = scene.described(empty=["", "none"])
    raise_shield(other.store, other.target)

    assert len(triggers(scene)) == 3
    assert not set(before) & set(triggers(scene))


def test_one_that_was_switched_off_is_put_back(scene):
    raise_shield(scene.store, scene.target)
    scene.admin.execute("ALTER TABLE users DISABLE TRIGGER USER")
    raise_shield(scene.store, scene.target)
    (row,) = scene.enrol(SEED)
    seal(scene)
    save(scene, row, SEED)

    assert scene.opened() == {row: SEED}
    assert scene.stored() != {row: SEED}


def test_it_is_gone_when_it_is_dropped(scene):
    raise_shield(scene.store, scene.target)
    drop_shield(scene.store, scene.target)
    drop_shield(scene.store, scene.target)

    assert not stands(scene.store, scene.target)
    assert triggers(scene) == []


def test_a_role_can_hold_nothing_against_the_function(scene):
    raise_shield(scene.store, scene.target)
    granted = scene.admin.execute(
        "SELECT count(*) FROM pg_proc WHERE proname LIKE 'reseal_shield%'"
        " AND has_function_privilege('public', oid, 'EXECUTE')"
    ).fetchone()
    assert granted == (0,)
