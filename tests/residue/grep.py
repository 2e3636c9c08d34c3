"""Count secrets in every file under a data directory, as `grep -c` would."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import psycopg

# Base32 of twenty bytes, wherever it begins.
_CANDIDATE = re.compile(rb"(?=([A-Z2-7]{32}))")
_PLACES = {"base": "tables", "pg_wal": "wal", "server_log": "log", "pg_stat_tmp": "statements"}

# By the file's name: where the relations of the catalog lie.
CATALOGS = """
SELECT pg_relation_filepath(r.oid), r.what FROM (
    SELECT oid, relname::text FROM pg_class
    WHERE relname IN ('pg_statistic', 'pg_statistic_ext_data')
    UNION SELECT reltoastrelid, 'pg_statistic' FROM pg_class WHERE relname = 'pg_statistic'
) AS r (oid, what) WHERE pg_relation_filepath(r.oid) IS NOT NULL
"""


def grep(url: str, data: Path, values: Iterable[str]) -> dict[str, int]:
    """Return by place how often any of the values stands there: heap, index, statistics, …"""
    wanted = {value.encode() for value in values}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        statistics = {path for path, _ in connection.execute(CATALOGS)}
    counts: Counter[str] = Counter()
    for path in sorted(data.rglob("*")):
        if path.is_file():
            name = str(path.relative_to(data))
            counts[_place(name, statistics)] += count_in(path, wanted)
    return {place: count for place, count in counts.items() if count}


def _place(name: str, statistics: set[str]) -> str:
    if name.split(".", maxsplit=1)[0] in statistics:
        return "statistics"
    first = name.split("/", maxsplit=1)[0]
    return _PLACES.get(first, name)


def count_in(path: Path, wanted: set[bytes]) -> int:
    """Return how often any of the values stands in a file."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        return 0
    return sum(found[1] in wanted for found in _CANDIDATE.finditer(octets))
