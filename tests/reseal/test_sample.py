"""What is measured over time is kept by name, in order, and for as long as it is wanted."""

from datetime import timedelta

from reseal.store import sample
from tests.reseal.scene import Scene

AN_HOUR = timedelta(hours=1)
MAKE_OLD = "UPDATE reseal.sample SET at = at - interval '2 hours' WHERE source = 'old'"


def test_measurements_of_a_name_come_in_order_from_whoever_made_them(scene: Scene):
    for source, waiting in (("web-1", 3.0), ("web-2", 0.5)):
        values = {"pool.waiting": waiting, "pool.size": 10}
        scene.store.run(sample.adding(source, values))
    found = sample.since(scene.store, "pool.waiting", AN_HOUR)
    assert [(one.source, one.value) for one in found] == [("web-1", 3.0), ("web-2", 0.5)]
    assert found[0].at <= found[1].at


def test_what_is_older_than_is_wanted_is_not_told_and_goes(scene: Scene):
    for source in ("old", "new"):
        scene.store.run(sample.adding(source, {"pool.waiting": 1.0}))
    scene.store.execute(MAKE_OLD)
    assert [one.source for one in sample.since(scene.store, "pool.waiting", AN_HOUR)] == ["new"]
    assert sample.prune(scene.store, AN_HOUR) == 1
    assert sample.prune(scene.store, AN_HOUR) == 0
