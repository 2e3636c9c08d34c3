"""How fast a look is: a gigabyte, a million old secrets, and what it takes of memory."""

import os
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import monotonic

import psycopg

from reseal.residue.look import Search
from reseal.residue.needles import Needles
from reseal.residue.place import File, Kind, Place
from reseal.store.connection import Connection
from reseal.store.store import Store
from tests.bench.server import running
from tests.reseal.clean.secrets import secrets
from tests.scratch import scratch

SECRETS = 1_000_000
GIGABYTE = 2**30
ROUNDS = 3
# One in so many rows holds an old secret.
_EVERY = 100
_ROW_BYTES = 1000


def main() -> int:
    """Print the time of each look, and how much memory all of it took."""
    old = secrets(SECRETS)
    before = _resident()
    began = monotonic()
    needles = Needles()
    needles.add(secret.encode() for secret in old)
    needles.settle()
    print(f"{SECRETS:,} needles: {monotonic() - began:.1f} s, {_resident() - before:,.0f} MiB")
    with scratch("reseal-speed-") as directory:
        Path(directory).chmod(0o755)
        with running(Path(directory) / "data", None) as url:
            place, planted = _filled(url, old)
            with Search.over(lambda: Store(Connection.open(url, "speed")), [needles]) as search:
                for _ in range(ROUNDS):
                    began = monotonic()
                    found = search.look([place]).found()
                    seconds = monotonic() - began
                    rate = place.size / seconds / 2**20
                    print(f"{place.size / GIGABYTE:.2f} GiB: {seconds:.1f} s, {rate:,.0f} MiB/s")
                    if found != planted:
                        print(f"{planted:,} secrets stand there, and {found:,} were found")
                        return 1
    print(f"at most {_resident():,.0f} MiB in all, {before:,.0f} of them before")
    return 0


def _filled(url: str, old: list[str]) -> tuple[Place, int]:
    """Fill a table with a gigabyte of noise that has some old secrets in it."""
    planted = 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE noise (text text)")
        with connection.cursor().copy("COPY noise FROM STDIN") as copy:
            for number in range(GIGABYTE // (_ROW_BYTES + 30)):
                text = os.urandom(_ROW_BYTES // 2).hex()
                if not number % _EVERY:
                    text = f"{old[number % SECRETS]} {text}"
                    planted += 1
                copy.write_row((text,))
        connection.execute("CHECKPOINT")
        row = connection.execute(
            "SELECT pg_relation_filepath('noise'), pg_relation_size('noise')"
        ).fetchone()
    path, size = row or ("", 0)
    segments = range(0, size, GIGABYTE)
    files = tuple(
        File(f"{path}.{number}" if number else path, min(GIGABYTE, size - first))
        for number, first in enumerate(segments)
    )
    return Place(Kind.HEAP, "noise", files), planted


def _resident() -> float:
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024
