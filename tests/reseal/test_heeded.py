"""A sweep hears between two batches that it is to wait or to stop."""

from reseal.store.control import Held, Request, request
from reseal.sweep.engine import Hands, sweep
from reseal.sweep.pace import Pace
from reseal.sweep.plan import plan
from reseal.sweep.turn import Turn
from tests.reseal.test_settle import many


def test_a_stop_is_heeded_after_the_batch_under_way(scene):
    many(scene)
    with scene.job(Turn.SEAL) as job:
        mine = Held(scene.name, scene.run_id, None, None, None)
        assert request(scene.store, mine, Request.STOP, "ada")
        done = sweep(job, plan, scene.whole, Pace(100, 1.0, 0.0), Hands(sleep=lambda _: None))

    assert done.stopped
    assert 0 < done.tally.changed < 600
    assert scene.census().sealed == {1: done.tally.changed}


def test_a_pause_is_heeded_between_two_batches_and_the_rest_follows_after_it(scene):
    many(scene)
    waits: list[float] = []
    sealed: list[int] = []

    def pause() -> bool:
        sealed.append(scene.census().all_sealed)
        return len(sealed) < 4

    with scene.job(Turn.SEAL) as job:
        hands = Hands(pause=pause, sleep=waits.append)
        done = sweep(job, plan, scene.whole, Pace(100, 1.0, 0.0), hands)
        assert job.store.connection.info.transaction_status.name == "IDLE"

    assert not done.stopped
    # Nothing was written from one look to the next, until the pause was over.
    assert 0 < sealed[0] == sealed[1] == sealed[2] == sealed[3] < done.tally.changed
    assert waits[:4] == [0.0, *[0.25] * 3]
    assert scene.census().plain == 0


def test_a_stop_of_the_process_s_own_is_heeded_too(scene):
    many(scene)
    with scene.job() as job:
        hands = Hands(stop=lambda: True, sleep=lambda _: None)
        done = sweep(job, plan, scene.whole, Pace(100, 1.0, 0.0), hands)

    assert done.stopped
    assert 0 < done.tally.changed < 600
