"""A pool's figures for Prometheus; needs `pip install "reseal[metrics]"`.

REGISTRY.register(PoolCollector(pool, "web-1"))
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Protocol

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from reseal.pool.meter import WAIT_BOUNDS, Count
from reseal.pool.reading import Reading

_GAUGES = {
    "size": "Connections that the pool should have.",
    "open": "Connections that stand or are being made.",
    "least": "Connections that the pool keeps.",
    "most": "Connections that the pool may have.",
    "waiting": "Callers who wait for a connection now.",
    "utilisation": "How much of the pool is in use, from 0 to 1.",
}
_COUNTERS = {
    "errors": "Callers who got no connection, and connections that could not be made.",
    "lost": "Connections that broke.",
    "grown": "How often the pool grew.",
    "shrunk": "How often the pool shrank.",
}


class Read(Protocol):
    """What can be read, such as an AdaptivePool."""

    def reading(self) -> Reading:
        """Return what it looks like now."""


class PoolCollector(Collector):
    """Read a pool when Prometheus asks; `name` tells it from others in the label `pool`."""

    def __init__(self, pool: Read, name: str = "reseal") -> None:
        self._pool, self._name = pool, name

    def describe(self) -> Iterable[Metric]:
        """Return the metrics without asking the pool."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        now = self._pool.reading()
        for word, said in _GAUGES.items():
            yield self._gauge(word, said, getattr(now, word))
        yield self._gauge("used", "Connections in use.", now.count.used)
        yield self._gauge("healthy", "1 if the last check found sound connections.", now.is_healthy)
        for word, said in _COUNTERS.items():
            counter = CounterMetricFamily(f"reseal_pool_{word}", said, labels=["pool"])
            counter.add_metric([self._name], getattr(now, word))
            yield counter
        yield self._waits(now.count)

    def _gauge(self, word: str, said: str, value: float) -> Metric:
        gauge = GaugeMetricFamily(f"reseal_pool_{word}", said, labels=["pool"])
        gauge.add_metric([self._name], value)
        return gauge

    def _waits(self, count: Count) -> Metric:
        said = "How long callers waited for a connection."
        waits = HistogramMetricFamily("reseal_pool_wait_seconds", said, labels=["pool"])
        bounds = [*map(str, WAIT_BOUNDS), "+Inf"]
        buckets = list(zip(bounds, accumulate(count.waits), strict=True))
        waits.add_metric([self._name], buckets, count.waited)
        return waits
