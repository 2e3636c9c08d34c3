"""Logins beside a run: all are let in, and the numbers add up; nothing is timed here."""

import os
from base64 import b64encode
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.modes import Mode
from tests.bench.site import Site
from tests.bench.table import Table
from tests.flows.conftest import CommandLine
from tests.flows.scene import Scene
from tests.neighbour.application import Login, secret_of
from tests.neighbour.beside import Beside, measure
from tests.neighbour.latency import SHARES, Latency, at
from tests.neighbour.place import Place
from tests.neighbour.said import of_logins, of_stages, verdicts

USERS, RATE = 3000, 40.0


@pytest.fixture
def place(database: str, prefect_api: str, prefect_home: Path, tmp_path: Path) -> Place:
    """A database with users, in which a run takes a second."""
    keys = {name: b64encode(os.urandom(32)).decode() for name in ("BENCH_KEK", "BENCH_BACKUP_KEK")}
    site = Site(database, tmp_path, Table(USERS), keys)
    environment = {
        **site.environment,
        "PREFECT_API_URL": prefect_api,
        "PREFECT_HOME": str(prefect_home),
    }
    with site.connected() as connection:
        connection.execute(site.table.source().encode())
    return Place(site, Scene(CommandLine(tmp_path, environment), database, prefect_api))


@pytest.mark.slow
def test_everybody_is_let_in_and_every_login_is_counted(place: Place) -> None:
    one = measure(place, Mode.SAFE, RATE, seconds=1.0, warming=0.5)

    assert one.errors == []
    assert all(login.is_well for login in one.idle + one.beside)
    assert len(one.idle) == pytest.approx(RATE * 1.0, abs=2)
    assert len(one.beside) == pytest.approx(RATE * one.seconds, abs=2)
    # Each is due when it is due, however long the one before took.
    dues = [login.due for login in one.beside]
    assert [after - before for before, after in pairwise(dues)] == pytest.approx(
        [1 / RATE] * (len(dues) - 1), abs=1e-5
    )
    assert sum(map(len, one.by_stage.values())) == pytest.approx(len(one.beside), abs=2)
    assert [*one.by_stage] == ["before", *one.stages]

    both = Beside(Mode.SAFE, [one, one])
    found = both.as_dict()
    assert found["beside"]["logins"] == 2 * len(one.beside)
    assert found["times"]["95"] == pytest.approx(
        found["beside"]["by_share"]["95"] / found["idle"]["by_share"]["95"]
    )
    assert len(both.counted) == 2
    calm, disturbed = replace(one, others=0.0), replace(one, others=1.0)
    assert Beside(Mode.SAFE, [calm, disturbed]).counted == [calm]
    document = {"logins": {"safe": found}, "reactions": {}}
    assert f"| {2 * len(one.beside):,} | 0 |" in of_logins(document["logins"])
    assert "| encrypt |" in of_stages(document["logins"])
    ((said, is_so),) = verdicts(document)
    assert said.startswith("safe: p95 ")
    assert is_so == both.is_within


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from(SHARES))
def test_no_fewer_than_the_share_are_through_by_then(times: list[float], share: float) -> None:
    ordered = sorted(times)
    found = at(ordered, share)
    assert sum(one <= found for one in ordered) >= len(ordered) * share / 100
    assert sum(one < found for one in ordered) < max(1e-9, len(ordered) * share / 100)


def test_a_login_that_failed_is_no_good_neighbour() -> None:
    logins = [Login(float(n), 1.0, True) for n in range(100)]
    assert Latency.of(logins).times(Latency.of(logins), "95") == 1.0
    assert Latency.of([*logins, Login(100.0, 1.0, False)]).failed == 1


def test_the_application_knows_what_users_have_enrolled(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(Table(30).source().encode())
        stored = connection.execute("SELECT id, mfa_secret FROM source").fetchall()
    assert stored == [(number, secret_of(number)) for number, _ in stored]
