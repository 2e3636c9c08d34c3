"""Two connections write over what is left of a table, each the next pages of the same list."""

from functools import partial

import pytest

from reseal.clean.rewrite import fitting, from_the_end
from reseal.errors import Superseded
from reseal.store.control import TAKE_OVER
from reseal.store.store import Store
from tests.reseal.clean.scene import working
from tests.reseal.clean.secrets import secrets
from tests.reseal.clean.test_clean import enrol
from tests.reseal.scene import Scene


def test_two_connections_write_every_row(scene: Scene):
    enrol(scene, secrets(60_000))
    versions = "SELECT DISTINCT xmin::text FROM users"
    (first,) = scene.admin.execute(versions).fetchall()
    opened = []

    def beside() -> Store:
        opened.append(scene.access.store("beside"))
        return opened[-1]

    with working(scene, beside=beside) as work:
        done = work.rewrite(work.heaps[0], from_the_end(scene.store, work.heaps[0]))
    # A row that is met where it went to is written once more.
    assert 60_000 <= done.rows < 70_000
    assert done.refused == 0
    assert first not in scene.admin.execute(versions).fetchall()
    assert [store.connection.closed for store in opened] == [True]
    assert sorted(filter(None, scene.stored().values())) == sorted(secrets(60_000))


def test_two_connections_write_about_as_many_as_one_is_asked_for(scene: Scene):
    enrol(scene, secrets(60_000))
    with working(scene, beside=partial(scene.access.store, "beside")) as work:
        rows = work.rewrite_last(work.heaps[0], 100)
    most = 100 * fitting(scene.store, work.heaps[0])
    assert most <= rows < most + 4 * 64 * fitting(scene.store, work.heaps[0])


def test_where_the_field_was_taken_over_neither_of_two_connections_writes(scene: Scene):
    enrol(scene, secrets(60_000))
    with working(scene, beside=partial(scene.access.store, "beside")) as work:
        scene.store.execute(TAKE_OVER, {"field": scene.name, "run": scene.run_id})
        versions = "SELECT sum(xmin::text::bigint) FROM users"
        before = scene.admin.execute(versions).fetchone()
        with pytest.raises(Superseded):
            work.rewrite(work.heaps[0], list(from_the_end(scene.store, work.heaps[0])))
        assert scene.admin.execute(versions).fetchone() == before
