"""What a login takes: ask what an application asks, for some row, by the server's own clock."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import LiteralString, Self

from psycopg import sql

from reseal.errors import ConnectionLost, Transient
from reseal.optimise.inferred import LOOKUP, find_login_query
from reseal.store.catalog import Target
from reseal.store.store import Store

# A page may hold no row.
_PAGES_TRIED = 3

# Some row, to ask for it like an application; of its columns only what a login looks it up by.
SOME_ROW = """
SELECT {wanted} FROM {heap} AS t WHERE t.ctid >= %(first)s::tid AND t.ctid < %(after)s::tid LIMIT 1
"""

BY_KEY = "SELECT /* reseal */ {key} FROM {table} AS t WHERE ({wanted}) = ({values})"

CLOCK = "SELECT clock_timestamp()"


@dataclass(frozen=True, slots=True)
class Canary:
    """What an application asks when someone logs in: a statement, and what rows are found by."""

    target: Target
    statement: LiteralString
    parts: dict[str, sql.Composable]
    timer: Callable[[], float] = perf_counter
    choice: random.Random = field(default_factory=random.Random)

    @classmethod
    def of(cls, store: Store, target: Target) -> Self:
        """Take the login query of a table, or its primary key where it has none."""
        query = find_login_query(store, target)
        if query is None:
            return cls.by_key(target)
        return cls(target, LOOKUP, {**query.parts, "wanted": query.parts["login"]})

    @classmethod
    def by_key(cls, target: Target) -> Self:
        """Ask for a row by its primary key."""
        columns = [sql.Identifier("t", column.name) for column in target.key]
        wanted = sql.SQL(", ").join(columns)
        values = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
        parts = {"table": target.table, "key": target.key_values, "wanted": wanted}
        return cls(target, BY_KEY, {**parts, "values": values})

    def ask(self, store: Store) -> float | None:
        """Return the milliseconds of a login, or None where no row was found to ask for.

        One that waits too long counts as far as it was waited for.
        """
        began = self.timer()
        try:
            row = self.row(store)
            return None if row is None else self.milliseconds(store, row)
        except ConnectionLost:
            raise
        except Transient:
            # Somebody holds the table, and logins wait as well.
            pass
        return 1000 * (self.timer() - began)

    def usual(
        self, store: Store, most: int, until: float, clock: Callable[[], float]
    ) -> float | None:
        """Return the median of some logins; raise Transient where one waits for somebody."""
        times: list[float] = []
        while len(times) < most and (not times or clock() < until):
            row = self.row(store)
            if row is None:
                return None
            times.append(self.milliseconds(store, row))
        return median(times)

    def row(self, store: Store) -> tuple[object, ...] | None:
        """Return by what a login finds a random row, if there is one on some page."""
        heaps = [heap for heap in self.target.heaps if heap.pages]
        for _ in range(_PAGES_TRIED if heaps else 0):
            heap = self.choice.choices(heaps, [heap.pages for heap in heaps])[0]
            page = self.choice.randrange(heap.pages)
            span = {"first": f"({page},0)", "after": f"({page + 1},0)"}
            row = store.one(SOME_ROW, span, wanted=self.parts["wanted"], heap=heap.name)
            if row is not None and None not in row:
                return tuple(row)
        return None

    def milliseconds(self, store: Store, row: tuple[object, ...]) -> float:
        """Ask for a row, and return how long the server took by its own clock.

        All of it is sent at once: a busy interpreter here is no slow login.
        """
        with store.connection.pipeline():
            began = store.execute(CLOCK)
            store.execute(self.statement, row, **self.parts)
            ended = store.execute(CLOCK)
        (first,), (last,) = began.fetchall()[0], ended.fetchall()[0]
        return 1000 * float((last - first).total_seconds())
