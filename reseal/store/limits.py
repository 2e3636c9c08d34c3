"""How long statements of a session wait for locks and take, for a while other than is usual."""

from collections.abc import Iterator
from contextlib import contextmanager

from reseal.store.connection import LOCK_TIMEOUT, STATEMENT_TIMEOUT
from reseal.store.store import Store

LIMIT = "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)"

NO_LIMIT = "0"


@contextmanager
def limits(
    store: Store, *, lock: str = LOCK_TIMEOUT, statement: str = STATEMENT_TIMEOUT
) -> Iterator[None]:
    """Run the block under other limits, as PostgreSQL spells them, and then under the usual."""
    store.execute(LIMIT, [lock, statement])
    try:
        yield
    finally:
        if not store.connection.closed:
            store.execute(LIMIT, [LOCK_TIMEOUT, STATEMENT_TIMEOUT])
