"""What a block of code takes: time, processor time of both sides, write-ahead log."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from time import monotonic

import psycopg

from tests.bench.processor import Family
from tests.bench.site import Site

WRITTEN = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"


@dataclass
class Spent:
    """Seconds, processor seconds of client and server, bytes of log."""

    seconds: float = 0.0
    client: float = 0.0
    server: float = 0.0
    wal: float = 0.0

    def mean(self, other: "Spent") -> "Spent":
        """Return half of both together."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Spent(*((one + two) / 2 for one, two in pairs))


@contextmanager
def counted(site: Site) -> Iterator[Spent]:
    """Count what this process, those it has started, and the server do in the block."""
    spent = Spent()
    with site.connected() as connection:
        client, server, wal = _now(site, connection)
        began = monotonic()
        yield spent
        spent.seconds = monotonic() - began
        after = _now(site, connection)
    spent.client, spent.server, spent.wal = after[0] - client, after[1] - server, after[2] - wal


def written(connection: psycopg.Connection) -> int:
    """Return how many bytes of log the server has written so far."""
    row = connection.execute(WRITTEN).fetchone()
    assert row is not None
    return int(row[0])


def _now(site: Site, connection: psycopg.Connection) -> tuple[float, float, int]:
    client, server = Family(os.getpid()).seconds(), Family(site.postmaster).seconds()
    return client, server, written(connection)
