"""A later pass looks many batches over at once, and misses nothing by it."""

from collections.abc import Callable
from typing import Any, ClassVar

import psycopg
import pytest
from psycopg import sql

from reseal.errors import ConnectionLost
from reseal.store.connection import Connection
from reseal.store.store import Store
from reseal.sweep.engine import Hands, sweep
from reseal.sweep.glance import BATCHES, Glances
from reseal.sweep.pace import Pace
from reseal.sweep.plan import plan
from reseal.sweep.tally import Tally
from tests.reseal.scene import SEED, Scene

PAGES = 2 * BATCHES


class Watched(Connection):
    """A connection that lets something happen right after the rows of a stretch were counted."""

    meanwhile: ClassVar[Callable[[Connection], object]]

    def execute(self, query: Any, params: Any = None, **options: Any) -> psycopg.Cursor:
        found = super().execute(query, params, **options)
        is_count = (
            isinstance(query, sql.Composable) and "SELECT count(*), count" in query.as_string()
        )
        if is_count:
            type(self).meanwhile(self)
        return found


@pytest.fixture
def sealed(scene: Scene) -> Scene:
    """A table of some twenty pages, all of it sealed."""
    scene.admin.execute("ALTER TABLE users ALTER COLUMN email SET STORAGE PLAIN")
    scene.admin.execute(
        "INSERT INTO users (email, mfa_secret) SELECT repeat('x', 2600) || i, 'JBSWY3DPEHPK3PXP' "
        "FROM generate_series(1, 60) AS i"
    )
    scene.sweep()
    scene.admin.execute("VACUUM (FULL, ANALYZE) users")
    assert scene.target.pages == PAGES
    return scene


def look_over(scene: Scene, connect: Callable[[], Store] | None = None) -> Tally:
    """Sweep once more, in batches of a page; a pass that hopes to find nothing."""
    with scene.job(connect=connect) as job:
        glances = Glances(job, is_hopeful=True)
        hands = Hands(sleep=lambda _: None)
        return sweep(job, plan, scene.whole, Pace(3, 1.0, 0.0), hands, glances).tally


def batches(scene: Scene) -> int:
    query = "SELECT count(*) FROM reseal.batch WHERE run_id = %s"
    return int(scene.store.need(query, [scene.run_id])[0])


def test_what_is_settled_is_passed_over_in_stretches(sealed):
    later = sealed.again()

    assert look_over(later) == Tally(rows_read=60, settled=60)
    assert batches(later) == 2


def test_a_stretch_with_one_row_to_seal_is_swept_batch_by_batch(sealed):
    # Rows that are written move to the end of the table.
    sealed.put(1, SEED)
    sealed.admin.execute("UPDATE users SET email = email WHERE id > 30")
    sealed.admin.execute("VACUUM (FULL, ANALYZE) users")
    later = sealed.again()

    assert look_over(later) == Tally(rows_read=60, settled=59, changed=1)
    # After a batch with something to do comes one more, and then a stretch again.
    assert batches(later) == BATCHES + 2
    assert sealed.census().sealed == {1: 60}


def test_what_is_enrolled_after_the_look_is_left_to_the_next_pass(sealed):
    def enrol(_connection: Connection) -> None:
        sealed.put(1, SEED)

    Watched.meanwhile = enrol
    later = sealed.again()

    tally = look_over(later, lambda: Store(Watched.open(sealed.access.url, "watched")))
    assert (tally.rows_read - tally.changed, tally.moved) == (tally.settled, 0)
    assert sealed.again().sweep().changed == 1 - tally.changed
    assert sealed.census().sealed == {1: 60}


def test_a_look_that_is_cut_off_is_made_up_for_by_batches(sealed):
    def cut_off(connection: Connection) -> None:
        connection.close()
        raise ConnectionLost("cut off")

    Watched.meanwhile = cut_off
    later = sealed.again()
    with later.job(connect=lambda: Store(Watched.open(sealed.access.url, "watched"))) as job:
        job.connect = lambda: sealed.access.store("again")
        glances = Glances(job, is_hopeful=True)
        hands = Hands(sleep=lambda _: None)
        tally = sweep(job, plan, later.whole, Pace(3, 1.0, 0.0), hands, glances).tally
    assert tally == Tally(rows_read=60, settled=60)


def test_in_the_first_pass_nothing_is_looked_over_until_a_batch_had_nothing_to_do(sealed):
    later = sealed.again()
    with later.job() as job:
        glances = Glances.of(job)
        stretch = later.whole.cut(0, BATCHES)
        assert glances.over(stretch) is None
        glances.learn(Tally(rows_read=3, settled=3))
        looked_over = glances.over(stretch)
    assert looked_over is not None
    assert looked_over.tally == Tally(rows_read=30, settled=30)
