"""One runner a field: the lock, the epoch, and what becomes of a runner that was overtaken."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep
from uuid import uuid4

import pytest

from reseal.errors import FieldBusy, Superseded, Transient
from reseal.store.control import Held, Request, asked, fence, hold, request
from reseal.sweep.commit import commit
from reseal.sweep.plan import plan
from tests.reseal.scene import SEED

FIELD = "users.mfa_secret"


def until(condition):
    """Wait for what the server does in its own time."""
    for _ in range(200):
        if condition():
            return
        sleep(0.02)
    pytest.fail("it did not happen within four seconds")


def of(run_id):
    """The field as a run holds it, of which nothing is asked."""
    return Held(FIELD, run_id, None, None, None)


@pytest.fixture
def other(access, store):
    """A second process at the same database."""
    opened = access.store("other")
    yield opened
    opened.close()


def test_a_field_is_held_by_one_run_at_a_time(store, other):
    with hold(store, FIELD, uuid4()):
        with pytest.raises(FieldBusy, match="another run is working"), hold(other, FIELD, uuid4()):
            pass
        with hold(other, "another field", uuid4()):
            pass

    with hold(other, FIELD, uuid4()):
        pass


def test_a_lock_is_given_back_when_the_run_fails_or_its_connection_goes(store, other, admin):
    with pytest.raises(ZeroDivisionError), hold(store, FIELD, uuid4()):
        raise ZeroDivisionError
    with hold(other, FIELD, uuid4()):
        other.close()
    until(lambda: not admin.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'").rowcount)
    with hold(store, FIELD, uuid4()):
        pass


def test_each_takeover_has_a_higher_epoch_and_forgets_old_wishes(store, admin):
    epochs = []
    for _ in range(3):
        with hold(store, FIELD, run_id := uuid4()) as epoch:
            epochs.append(epoch)
            assert fence(store, FIELD, epoch) is None
            assert request(store, of(run_id), Request.STOP, "ada")
            assert fence(store, FIELD, epoch) is Request.STOP

    assert epochs == [1, 2, 3]
    assert admin.execute("SELECT epoch, request FROM reseal.control").fetchone() == (3, "stop")


def test_a_wish_can_be_withdrawn(store):
    with hold(store, FIELD, run_id := uuid4()) as epoch:
        request(store, of(run_id), Request.PAUSE, "ada")
        assert asked(store, {FIELD: epoch}) is Request.PAUSE
        request(store, of(run_id), None, "ada")
        assert fence(store, FIELD, epoch) is asked(store, {FIELD: epoch}) is None


def test_a_wish_is_of_one_run_and_no_later_one(store):
    with hold(store, FIELD, run_id := uuid4()) as epoch:
        assert not request(store, of(uuid4()), Request.STOP, "ada")
        request(store, of(run_id), Request.PAUSE, "ada")
        assert asked(store, {FIELD: epoch + 1}) is None


@pytest.mark.parametrize("epoch", [0, 2])
def test_only_the_epoch_of_the_last_takeover_passes(store, epoch):
    with hold(store, FIELD, uuid4()), pytest.raises(Superseded, match="nothing more was written"):
        fence(store, FIELD, epoch)


def test_a_dead_runner_s_batch_writes_nothing_after_a_takeover(scene, other):
    scene.enrol(SEED, "hunter2")
    with scene.job() as job:
        batch = plan(job, scene.whole)
        # Its session with the lock dies, the one that writes lives on.
        scene.store.close()
        with hold(other, FIELD, uuid4()):
            pass
        with pytest.raises(Superseded):
            commit(job, batch)

    for table in ("batch", "quarantine", "backup"):
        assert scene.admin.execute(f"SELECT count(*) FROM reseal.{table}").fetchone() == (0,)
    assert scene.admin.execute("SELECT mfa_secret FROM users ORDER BY id").fetchall() == [
        (SEED,),
        ("hunter2",),
    ]


def test_a_takeover_waits_for_the_batch_under_way(store, other):
    def take_over() -> int:
        with hold(other, FIELD, uuid4()) as epoch:
            return epoch

    with ThreadPoolExecutor() as threads, hold(store, FIELD, uuid4()) as epoch:
        with store.transaction():
            fence(store, FIELD, epoch)
            # The lock is gone without the runner knowing, as when its session was ended.
            store.execute("SELECT pg_advisory_unlock_all()")
            taken = threads.submit(take_over)
            sleep(0.2)
            assert not taken.done()
        assert taken.result(timeout=5) == epoch + 1


def test_a_takeover_does_not_wait_for_ever(store, other):
    other.execute("SET lock_timeout = '50ms'")
    with hold(store, FIELD, uuid4()) as epoch, store.transaction():
        fence(store, FIELD, epoch)
        store.execute("SELECT pg_advisory_unlock_all()")
        with pytest.raises(Transient), hold(other, FIELD, uuid4()):
            pass

    with hold(other, FIELD, uuid4()) as epoch:
        assert epoch == 2


def test_workers_of_one_run_pass_the_fence_together(store, other):
    with hold(store, FIELD, uuid4()) as epoch, store.transaction(), other.transaction():
        fence(store, FIELD, epoch)
        fence(other, FIELD, epoch)
