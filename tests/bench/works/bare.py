"""What PostgreSQL itself needs: a constant as long as an envelope, in one statement or in two."""

from concurrent.futures import ThreadPoolExecutor

from psycopg import Connection

from tests.bench.site import Site
from tests.bench.spent import Spent, counted
from tests.bench.table import ENVELOPE_CHARACTERS

_CONSTANT = "x" * ENVELOPE_CHARACTERS

PAGES = "SELECT pg_relation_size('users') / current_setting('block_size')::int"
UPDATE = "UPDATE users SET mfa_secret = %s"
HALF = f"{UPDATE} WHERE ctid >= %s::tid AND ctid < %s::tid"


def update(site: Site) -> Spent:
    """Rewrite the column."""
    with site.connected() as connection, counted(site) as spent:
        connection.execute(UPDATE, [_CONSTANT])
    return spent


def halves(site: Site) -> Spent:
    """Rewrite both halves of the table at once."""
    with site.connected() as one, site.connected() as other, ThreadPoolExecutor(2) as threads:
        row = one.execute(PAGES).fetchone()
        pages = row[0] if row else 0
        middle = pages // 2
        with counted(site) as spent:
            jobs = [
                threads.submit(_half, connection, first, after)
                for connection, first, after in ((one, 0, middle), (other, middle, pages))
            ]
            for job in jobs:
                job.result()
    return spent


def _half(connection: Connection, first: int, after: int) -> None:
    connection.execute(HALF, [_CONSTANT, f"({first},0)", f"({after},0)"])
