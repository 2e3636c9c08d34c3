"""What Prometheus is told of a pool."""

from prometheus_client import CollectorRegistry, generate_latest

from reseal.pool.meter import Count
from reseal.pool.metrics import PoolCollector
from reseal.pool.reading import Reading

NOW = Reading(
    size=10, least=5, most=130, open=11, waiting=2, utilisation=0.6,
    count=Count(0.0, 6, 30.0, 1.5, (7, 0, 2, 0, 0, 0, 0, 0, 0, 1), 1),
    refused=3, lost=4, grown=5, shrunk=6, is_healthy=True,
)  # fmt: skip
TOLD = """
reseal_pool_size 10
reseal_pool_open 11
reseal_pool_least 5
reseal_pool_most 130
reseal_pool_waiting 2
reseal_pool_used 6
reseal_pool_utilisation 0.6
reseal_pool_healthy 1
reseal_pool_errors_total 4
reseal_pool_lost_total 4
reseal_pool_grown_total 5
reseal_pool_shrunk_total 6
reseal_pool_wait_seconds_count 10
reseal_pool_wait_seconds_sum 1.5
"""
BUCKETS = {"0.001": 7, "0.005": 7, "0.01": 9, "30.0": 9, "+Inf": 10}


class Still:
    def reading(self) -> Reading:
        return NOW


def told() -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(PoolCollector(Still(), "web-1"))
    lines = generate_latest(registry).decode().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }


def test_every_figure_is_told_under_the_name_of_the_pool():
    found = told()
    for line in TOLD.split("\n"):
        if line:
            name, value = line.split()
            assert found[f'{name}{{pool="web-1"}}'] == float(value), name


def test_waits_are_a_histogram_whose_last_bucket_has_all_of_them():
    found = told()
    for bound, count in BUCKETS.items():
        assert found[f'reseal_pool_wait_seconds_bucket{{le="{bound}",pool="web-1"}}'] == count
