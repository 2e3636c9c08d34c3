"""The last day in points: the worst of neighbours, and nothing where there was nothing to see."""

import psycopg

from reseal.health.trends import trends
from reseal.report import plots
from tests.reseal.scene import Scene

LOOKS = """
INSERT INTO reseal.sample (at, source, name, value)
SELECT now() - n * interval '1 minute', %s, %s, CASE WHEN n = 700 THEN %s ELSE 50 END
FROM generate_series(1, %s) AS n
"""


def looks(admin: psycopg.Connection, source: str, name: str, worst: float, count: int) -> None:
    admin.execute(LOOKS, [source, name, worst, count])


def test_a_day_of_looks_becomes_a_few_hundred_points_and_keeps_the_worst(
    scene: Scene, admin: psycopg.Connection
):
    looks(admin, "health", "health.score", 3, 1500)
    looks(admin, "users.mfa_secret", "health.login_ms", 900, 1500)
    found = trends(scene.store)

    assert found is not None
    assert 200 < len(found.score) <= 300
    assert min(point["value"] for point in found.score) == 3
    assert max(point["value"] for point in found.login) == 900
    assert found.pool == []
    svg = plots.trends(*found)
    assert "Health score" in svg
    assert "Fullest pool" not in svg


def test_one_look_is_no_trend(scene: Scene, admin: psycopg.Connection):
    looks(admin, "health", "health.score", 3, 1)

    assert trends(scene.store) is None
