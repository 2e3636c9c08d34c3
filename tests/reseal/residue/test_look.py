"""A look finds what is in the server's files, says where, and says what it could not see."""

from dataclasses import replace

import psycopg
import pytest

from reseal.residue.gather import gather
from reseal.residue.look import Look, Search
from reseal.residue.needles import Needles
from reseal.residue.originals import Backups
from reseal.residue.place import Kind, Place, Seen
from reseal.residue.places import Places
from reseal.store.store import Store
from reseal.sweep.engine import Hands
from reseal.sweep.turn import Turn
from tests.reseal.clean.secrets import secrets
from tests.reseal.scene import Scene

OLD = secrets(300)


@pytest.fixture
def sealed(scene: Scene) -> Scene:
    """A table that is sealed, and nothing done about what was there before."""
    scene.enrol(*OLD)
    scene.admin.execute("CREATE INDEX by_secret ON users (mfa_secret)")
    scene.admin.execute("ANALYZE users")
    scene.back_up()
    scene.prove()
    scene.sweep()
    return scene


def look(scene: Scene, *kinds: Kind) -> Look:
    gathered = gather(scene.access, scene.store, [Backups.of(scene.store, scene.target)])
    assert gathered.secrets == len(OLD)
    places = Places.of_fields(scene.store, [scene.target]).every()
    with Search.over(lambda: scene.access.store("look"), gathered.parts) as search:
        return search.look([place for place in places if not kinds or place.kind in kinds])


def test_a_careful_look_finds_the_same_one_thing_at_a_time(sealed: Scene):
    slept: list[float] = []
    hands = Hands(sleep=slept.append, reading_rest=19.0)
    backups = [Backups.of(sealed.store, sealed.target)]
    opened: list[Store] = []

    def connect() -> Store:
        opened.append(sealed.access.store("look"))
        return opened[-1]

    gathered = gather(sealed.access, sealed.store, backups, hands)
    rests = len(slept)
    assert gathered.secrets == len(OLD)
    assert rests
    places = [
        place
        for place in Places.of_fields(sealed.store, [sealed.target]).every()
        if place.kind in (Kind.HEAP, Kind.INDEX)
    ]
    with Search.over(connect, gathered.parts, hands) as search:
        seen = search.look(places)

    usual = look(sealed, Kind.HEAP, Kind.INDEX)
    assert [one.found for one in seen.seen] == [one.found for one in usual.seen]
    assert len(opened) == 1
    assert len(slept) > rests


def test_what_sql_shows_no_more_is_found_in_heap_index_statistics_and_log(sealed: Scene):
    assert sealed.census().plain == 0
    seen = look(sealed)
    assert seen.found([Kind.HEAP]) == len(OLD)
    assert seen.found([Kind.INDEX]) >= len(OLD)
    assert seen.found([Kind.STATISTICS]) > 0
    assert seen.found([Kind.WAL]) >= len(OLD)
    assert not seen.is_clean


def test_the_pages_are_those_where_a_secret_stands(sealed: Scene):
    sealed.admin.execute("CHECKPOINT")
    rows = sealed.admin.execute("SELECT pg_relation_filepath('users'), pg_relation_size('users')")
    path, size = rows.fetchone() or ("", 0)
    page = "SELECT pg_read_binary_file(%s, %s * 8192, 8192)"
    holding = set()
    for number in range(size // 8192):
        (octets,) = sealed.admin.execute(page, [path, number]).fetchone() or (b"",)
        if any(one.encode() in octets for one in OLD):
            holding.add(number)
    assert look(sealed, Kind.HEAP).pages(sealed.target.oid) == holding


def test_only_some_pages_of_a_place_can_be_looked_at(sealed: Scene):
    seen = look(sealed, Kind.HEAP)
    pages = sorted(seen.pages(sealed.target.oid))
    gathered = gather(sealed.access, sealed.store, [Backups.of(sealed.store, sealed.target)])
    (place,) = (one.place for one in seen.seen)
    with Search.over(lambda: sealed.access.store("look"), gathered.parts) as search:
        by_page = [search.look([replace(place, only=frozenset({page}))]) for page in pages]
    assert [one.pages(sealed.target.oid) for one in by_page] == [{page} for page in pages]
    assert sum(one.found() for one in by_page) == seen.found()


def test_a_look_may_end_where_some_are_found_and_says_so(sealed: Scene):
    gathered = gather(sealed.access, sealed.store, [Backups.of(sealed.store, sealed.target)])
    places = Places.of_fields(sealed.store, [sealed.target])
    (log,) = (place for place in places.logs(most_counted=0) if place.kind is Kind.WAL)
    (counted,) = (place for place in places.logs(most_counted=2**40) if place.kind is Kind.WAL)
    assert log.size > 2**20
    with Search.over(lambda: sealed.access.store("look"), gathered.parts) as search:
        some, every = search.look([log]), search.look([counted])
    assert 0 < some.found() < every.found()
    assert some.not_verified() == every.not_verified() == []
    assert [place["in_part"] for look in (some, every) for place in look.places()] == [True, False]


def test_where_none_are_found_all_of_it_was_looked_at(scene: Scene):
    strangers = Needles()
    strangers.add([secret.encode() for secret in secrets(20, "of nobody")])
    logs = Places.of_fields(scene.store, [scene.target]).logs(most_counted=0)
    with Search.over(lambda: scene.access.store("look"), [strangers.settle()]) as search:
        seen = search.look([log for log in logs if log.kind is Kind.WAL])
    assert (seen.found(), seen.not_verified()) == (0, [])


def test_what_was_ended_between_two_looks_is_opened_anew(sealed: Scene):
    gathered = gather(sealed.access, sealed.store, [Backups.of(sealed.store, sealed.target)])
    places = Places.of_fields(sealed.store, [sealed.target]).every()
    heaps = [place for place in places if place.kind is Kind.HEAP]
    with Search.over(lambda: sealed.access.store("look"), gathered.parts) as search:
        before = search.look(heaps)
        sealed.admin.execute(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
            "WHERE application_name = 'reseal look' AND datname = current_database()"
        )
        assert search.look(heaps).found() == before.found() > 0


def test_a_role_without_rights_sees_nothing_and_says_why(sealed: Scene):
    sealed.admin.execute("CREATE ROLE without_rights")
    try:
        sealed.admin.execute("GRANT USAGE ON SCHEMA reseal TO without_rights")
        sealed.admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA reseal TO without_rights")
        sealed.store.execute("SET ROLE without_rights")
        seen = look(sealed)
    finally:
        sealed.store.execute("RESET ROLE")
        sealed.admin.execute("DROP OWNED BY without_rights")
        sealed.admin.execute("DROP ROLE without_rights")
    counts = seen.counts()
    assert {counts[kind.value] for kind in (Kind.HEAP, Kind.INDEX, Kind.WAL)} == {None}
    assert not seen.is_clean
    assert any("pg_read_binary_file" in said for said in seen.not_verified())


@pytest.mark.parametrize(
    ("found", "unseen", "count"), [(0, None, 0), (3, None, 3), (0, "why", None), (3, "why", 3)]
)
def test_nothing_found_counts_only_where_everything_was_seen(found, unseen, count):
    seen = Look((Seen(Place(Kind.HEAP, "t", unseen=unseen), found),))
    assert seen.counts() == {"heap": count}
    assert seen.is_clean == (count == 0)


def test_a_later_look_takes_the_place_of_an_earlier_one():
    heap, index = Place(Kind.HEAP, "t"), Place(Kind.INDEX, "i")
    before = Look((Seen(heap, 5), Seen(index, 2)))
    assert before.merged(Look((Seen(heap, 1),))).counts() == {"heap": 1, "index": 2}


def test_originals_that_came_late_are_looked_for_too(scene: Scene):
    scene.back_up()
    scene.prove()
    scene.enrol(*OLD)
    scene.sweep(Turn.SEAL)
    assert look(scene, Kind.HEAP).found() == len(OLD)


def test_a_backup_that_was_shredded_is_not_opened(sealed: Scene, admin: psycopg.Connection):
    admin.execute("UPDATE reseal.backup_set SET wrapped = NULL")
    backups = Backups.of(sealed.store, sealed.target)
    assert gather(sealed.access, sealed.store, [backups]).parts == []
