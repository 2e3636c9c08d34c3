"""`reseal pool`: before Reseal has a schema, and for pools that have kept samples."""

from collections.abc import Callable

import pytest

from reseal.store import schema
from tests.flows.scene import Scene

pytestmark = pytest.mark.slow

KEEP = """
INSERT INTO reseal.sample (at, source, name, value)
SELECT clock_timestamp() - make_interval(days => d), 'web-1', 'pool.used', 90 - d
FROM generate_series(0, 20) AS d
UNION ALL SELECT clock_timestamp(), 'web-1', 'pool.most', 130
UNION ALL SELECT clock_timestamp(), 'web-1', 'pool.size', 100
"""


def test_it_tells_who_holds_connections_and_when_a_tier_is_outgrown(
    make_scene: Callable[[], Scene],
):
    scene = make_scene()
    before = scene.command_line.run("pool", "--json")
    assert (before.code, before.document["instances"]) == (0, []), before.err
    assert [tier["tier"] for tier in before.document["tiers"]][2] == "production"

    with scene.library() as (_, store):
        schema.migrate(store)
    with scene.connect() as connection:
        connection.execute(KEEP)
    (one,) = scene.command_line.run("pool", "--json").document["instances"]
    assert one["forecast"]["days"] == 20
    assert one["forecast"]["each_day"] == 1
    assert one["forecast"]["earliest"] == one["forecast"]["outgrown"] == one["forecast"]["latest"]

    shown = scene.command_line.run("pool")
    assert shown.code == 0
    assert "tier production: 25 to 130 connections" in shown.err
    assert "pool of web-1: 90 of 100 connections in use" in shown.err
    assert "move to the tier enterprise" in shown.err
