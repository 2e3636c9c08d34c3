"""Envelopes kept aside: the column holds a mark that never names another envelope."""

import pytest
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.errors import NotSealed, RowRefused, WillNotOpen
from reseal.guard import raise_guard
from reseal.judge import Verdict
from reseal.prepare import prepare
from reseal.store import aside
from reseal.sweep.turn import Turn
from tests.conftest import SENTINEL
from tests.reseal.clean.scene import cleaned
from tests.reseal.scene import SEED

ROWS = [(1, SEED), (2, ""), (3, None), (4, SEED.lower())]


@pytest.fixture(params=["varchar(16)", "char(16)", "char(20)"])
def narrow(request, scene):
    columns = f"id int PRIMARY KEY, s {request.param}"
    return scene.table(columns, ROWS, column="s", store="side")


def marks(scene):
    return {key: text for key, text in scene.texts().items() if text and aside.is_mark(text)}


def test_the_column_keeps_its_type_and_holds_marks(narrow):
    assert not prepare(narrow.store, narrow.target).widened
    assert narrow.sweep().changed == 2

    assert marks(narrow).keys() == {1, 4}
    assert {len(mark) for mark in marks(narrow).values()} == {aside.MARK_CHARACTERS}
    assert narrow.census().sealed == {1: 2}
    assert narrow.sweep().settled == 2


def test_it_is_verified_resealed_and_put_back(narrow):
    before = narrow.admin.execute("SELECT * FROM t ORDER BY id").fetchall()
    narrow.take_backup()
    narrow.sweep()
    sound = {Verdict.EQUAL, Verdict.NO_ENVELOPE}
    assert {fact.verdict for fact in narrow.facts(narrow.original())} == sound

    first = marks(narrow)
    narrow.activate_next_key()
    assert narrow.sweep(Turn.RESEAL).changed == 2
    assert set(marks(narrow).values()).isdisjoint(first.values())
    assert narrow.census().sealed == {2: 2}

    assert narrow.again().roll_back(narrow, unseal_newer=True).changed == 2
    assert narrow.admin.execute("SELECT * FROM t ORDER BY id").fetchall() == before


def test_a_mark_without_its_envelope_is_broken_and_not_a_secret(narrow):
    narrow.sweep()
    narrow.admin.execute("DELETE FROM reseal.aside")

    assert narrow.census().unrecognised == 2
    assert {fact.verdict for fact in narrow.facts()} == {Verdict.NO_ENVELOPE, Verdict.MALFORMED}
    assert narrow.sweep().changed == 0


def test_the_application_reads_and_writes_marks(narrow, access):
    narrow.sweep()
    with ConnectionPool(access.url, min_size=1) as pool:
        vault = Vault.connect(pool, narrow.access.config, access.kek(), beats=None)
        stored = dict(narrow.admin.execute("SELECT id, s FROM t").fetchall())
        assert vault.read(narrow.name, 1, stored[1]).reveal().rstrip() == SEED

        mark = vault.seal(narrow.name, 2, SENTINEL)
        assert aside.is_mark(mark)
        assert vault.read(narrow.name, 2, mark).reveal() == SENTINEL
        with pytest.raises(WillNotOpen):
            vault.read(narrow.name, 3, mark)
        with pytest.raises(WillNotOpen, match="is gone"):
            vault.read(narrow.name, 2, mark[:-1] + ("a" if mark[-1] != "a" else "b"))
        with pytest.raises(NotSealed):
            vault.read(narrow.name, 2, "")


def test_the_guard_lets_marks_in_and_plaintext_not(narrow):
    narrow.sweep()
    raise_guard(narrow.store, narrow.target)

    narrow.admin.execute("UPDATE t SET s = %s WHERE id = 2", [aside.fresh_mark(3)])
    with pytest.raises(RowRefused):
        narrow.store.execute("UPDATE t SET s = 'JBSWY3DPEHPK3PXP' WHERE id = 2")


def test_envelopes_that_no_mark_names_go_after_an_hour(narrow):
    narrow.sweep()
    narrow.admin.execute("UPDATE t SET s = NULL WHERE id = 1")
    cleaned(narrow)
    assert narrow.admin.execute("SELECT count(*) FROM reseal.aside").fetchone() == (2,)

    narrow.admin.execute("UPDATE reseal.aside SET made = made - interval '2 hours'")
    cleaned(narrow)
    kept = narrow.admin.execute("SELECT mark FROM reseal.aside").fetchall()
    assert [mark for (mark,) in kept] == [marks(narrow)[4]]


@pytest.mark.parametrize(("version", "random"), [(1, 12), (99999, 8)])
def test_a_mark_has_sixteen_characters_whatever_the_version(version, random):
    mark = aside.fresh_mark(version)

    assert len(mark) == 16
    assert aside.is_mark(mark)
    assert len(mark.partition(".")[2]) == random
    assert len({aside.fresh_mark(version) for _ in range(1000)}) == 1000
