"""When a tier is outgrown, by the samples of its days; and what to do then."""

from datetime import UTC, datetime, timedelta

import pytest

from reseal.pool.forecast import LEAST_DAYS, trend
from reseal.pool.report import report
from tests.reseal.scene import Scene

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)

# At noon of each day that is over, and a quiet minute of the night before.
DAYS = """
INSERT INTO reseal.sample (at, source, name, value)
SELECT date_trunc('day', now(), 'UTC') - make_interval(days => d, hours => h), %(source)s,
       'pool.used', CASE h WHEN 12 THEN %(last)s - %(each_day)s * d ELSE 1 END
FROM generate_series(1, %(days)s) AS d, unnest(ARRAY[2, 12]) AS h
"""
LAST = """
INSERT INTO reseal.sample (source, name, value)
VALUES (%(source)s, 'pool.size', 60), (%(source)s, 'pool.most', %(most)s),
       (%(source)s, 'pool.used', %(used)s)
"""


def days(used):
    return [(BEGIN + number * A_DAY, float(value)) for number, value in enumerate(used)]


def test_a_steady_growth_is_followed_to_the_day():
    found = trend(days(range(50, 64)))
    assert found is not None
    assert (found.days, found.each_day, found.now) == (14, 1.0, 63.0)
    assert found.reaches(130, found.each_day) == BEGIN + 13 * A_DAY + 67 * A_DAY


def test_one_wild_day_does_not_bend_it():
    used = list(range(50, 64))
    used[5] = 400
    found = trend(days(used))
    assert found is not None
    assert found.each_day == pytest.approx(1.0, abs=0.05)
    assert found.slowest <= found.each_day <= found.fastest


@pytest.mark.parametrize("used", [[50] * 14, range(64, 50, -1), [50 + n / 100 for n in range(14)]])
def test_what_does_not_grow_or_hardly_is_not_outgrown(used):
    found = trend(days(used))
    assert found is not None
    assert found.reaches(130, found.each_day) is None


def test_too_few_days_are_no_trend():
    assert trend(days(range(LEAST_DAYS - 1))) is None


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"days": 20, "last": 100, "each_day": 1, "most": 130}, "move to the tier enterprise"),
        ({"days": 20, "last": 30, "each_day": 0, "most": 130}, "lasts for two years"),
        ({"days": 20, "last": 30, "each_day": 0.5, "most": 130}, "stay in this tier: on this"),
        ({"days": 20, "last": 240, "each_day": 2, "most": 260}, "there is no larger tier"),
        ({"days": 3, "last": 30, "each_day": 1, "most": 130}, "samples of 3 whole days"),
        ({"days": 3, "last": 30, "each_day": 1, "most": 20}, "all 20 connections were in use"),
    ],
)
def test_it_says_what_to_do(scene: Scene, numbers, expected):
    words = {"source": "web-1", "used": 20, **numbers}
    for statement in (DAYS, LAST):
        scene.admin.execute(statement, words)
    (one,) = report(scene.store)["instances"]
    assert expected in one["recommendation"]
    assert (one["source"], one["size"], one["most"]) == ("web-1", 60, numbers["most"])
    assert (one["forecast"] is None) is (numbers["days"] < LEAST_DAYS)


def test_a_larger_tier_than_the_server_allows_is_told(scene: Scene):
    words = {"source": "web-1", "days": 20, "last": 125, "each_day": 1, "most": 130, "used": 20}
    for statement in (DAYS, LAST):
        scene.admin.execute(statement, words)
    document = report(scene.store)
    allowed = document["limits"][0]["allowed"]
    said = document["instances"][0]["recommendation"]
    assert f"first raise what the server allows: {allowed} of 260" in said


def test_who_holds_connections_is_told(scene: Scene):
    document = report(scene.store)
    assert [tier["most"] for tier in document["tiers"]] == [20, 50, 130, 260]
    assert sum(one["sessions"] for one in document["sessions"]) == document["limits"][0]["used"]
    assert document["instances"] == []
