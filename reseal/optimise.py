"""Give the login query a covering partial index, built beside the running application.

The login query asks who a name belongs to and whether a second factor is on. The index holds
the login column, the row key and the flag, never the secret, and its predicate does not mention
the secret either: an index that does makes every later rotation write all indexes anew.
"""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from psycopg import sql

from reseal.errors import ConnectionLost, StoreError
from reseal.patience import Patience
from reseal.store.catalog import Target
from reseal.store.store import Store

# Boolean columns that say "second factor on", and columns that a login looks rows up by: a
# single-column unique text, or a foreign key.
LOGIN = """
SELECT a.attname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %(table)s AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attname <> %(secret)s AND a.attname <> ALL (%(key)s) AND (
    t.typname IN ('text', 'varchar', 'citext') AND EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
        AND i.indnatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL)
    OR EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype = 'f'
               AND c.conkey = ARRAY[a.attnum]))
ORDER BY (a.attname ~* 'e?mail|user_?name|login') DESC, a.attnum LIMIT 1
"""

FLAG = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s AND atttypid = 'boolean'::regtype AND NOT attisdropped
  AND attname ~* 'mfa|otp|2fa|two_?factor|confirmed|enabled'
ORDER BY (attname ~* 'mfa|otp|2fa|two_?factor') DESC, attnum LIMIT 1
"""

SAMPLE = "SELECT {login} FROM {table} AS t WHERE t.{flag} AND {login} IS NOT NULL LIMIT 1"

LOOKUP = "SELECT {key}, t.{flag} FROM {table} AS t WHERE {login} = %s AND t.{flag}"

EXPLAIN = f"EXPLAIN (ANALYZE, FORMAT JSON) {LOOKUP}"

CREATE = """
CREATE INDEX CONCURRENTLY {bare} ON {table} ({column}) INCLUDE ({included}) WHERE {flag}
"""

DROP = "DROP INDEX CONCURRENTLY IF EXISTS {index}"

IS_VALID = """
SELECT i.indisvalid AND i.indisready FROM pg_index i WHERE i.indexrelid = to_regclass(%s)
"""

# As far as the last VACUUM came.
ALL_VISIBLE = "SELECT relallvisible >= relpages FROM pg_class WHERE oid = %s"

VACUUM = "VACUUM (ANALYZE) {table}"

PATIENT = "SET lock_timeout = '60s'; SET statement_timeout = 0"

BRIEF = "SET lock_timeout = '2s'; SET statement_timeout = '10min'"

_TIMINGS = 15
# From a quarter of a second on, some ten seconds in all.
_A_WHILE = Patience(tries=6, first_wait=0.25)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the server answers the login query: node, index, planner's cost, median ms."""

    node: str
    index: str | None
    cost: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Optimisation:
    """What was tried: the index's name, whether it stays and why, the plans around it."""

    index: str | None
    kept: bool
    reason: str
    before: Plan | None = None
    after: Plan | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LoginQuery:
    """The columns of the login query on a field's table."""

    target: Target
    login: str
    flag: str

    @property
    def index_name(self) -> str:
        """The name of the index that covers it."""
        return f"reseal_{self.target.field.table}_{self.login}_login"[:63]

    @property
    def index(self) -> sql.Identifier:
        """The index, quoted, in the table's schema."""
        return sql.Identifier(self.target.field.schema, self.index_name)

    @property
    def included(self) -> list[str]:
        """The columns that the query asks for, so that the index alone answers it."""
        return [*(column.name for column in self.target.key), self.flag]

    @property
    def parts(self) -> dict[str, sql.Composable]:
        """The parts of every statement about it."""
        return {
            "table": self.target.table,
            "login": sql.Identifier("t", self.login),
            "column": sql.Identifier(self.login),
            "flag": sql.Identifier(self.flag),
            "key": self.target.key_values,
            "included": sql.SQL(", ").join(map(sql.Identifier, self.included)),
            "bare": sql.Identifier(self.index_name),
            "index": self.index,
        }


def optimise(store: Store, target: Target, patience: Patience = _A_WHILE) -> Optimisation:
    """Build the index, assert that it is valid, keep it if the planner finds it cheaper.

    `patience` is for whoever keeps the server from knowing which pages all can see.
    """
    if len(target.heaps) > 1:
        return Optimisation(None, kept=False, reason="the table is stored in several heaps")
    query = find_login_query(store, target)
    if query is None:
        return Optimisation(None, kept=False, reason="no login column with a flag was found")
    store.execute(PATIENT)
    try:
        return _tried(store, query, patience)
    except ConnectionLost:
        raise
    except StoreError as error:
        # An index is a convenience: without it the run is as good, so its failure is a report.
        store.execute(DROP, index=query.index)
        return Optimisation(query.index_name, kept=False, reason=str(error))
    finally:
        if not store.connection.closed:
            store.execute(BRIEF)


def _tried(store: Store, query: LoginQuery, patience: Patience) -> Optimisation:
    # Without fresh statistics and visibility the plans before and after say nothing.
    store.execute(VACUUM, table=query.target.table)
    # An invalid leftover of a killed build must not be taken for the index.
    store.execute(DROP, index=query.index)
    sample = store.one(SAMPLE, (), **query.parts)
    if sample is None:
        return Optimisation(None, kept=False, reason="no row has the second factor on")
    before = _plan(store, query, sample[0])
    _build(store, query)
    after = _plan(store, query, sample[0])
    for attempt in range(patience.tries):
        if _is_better(query, before, after) or _is_all_visible(store, query):
            break
        # What is committed and not yet on disk keeps pages from being all-visible, and so does a
        # snapshot of somebody else's, be it autovacuum's; without that an index answers nothing.
        patience.wait(attempt)
        store.execute(VACUUM, table=query.target.table)
        after = _plan(store, query, sample[0])
    kept = _is_better(query, before, after)
    if not kept:
        store.execute(DROP, index=query.index)
    reason = f"cost {before.cost} before, {after.cost} after"
    return Optimisation(query.index_name, kept, reason, before, after)


def _is_better(query: LoginQuery, before: Plan, after: Plan) -> bool:
    return after.index == query.index_name and after.cost < before.cost


def _is_all_visible(store: Store, query: LoginQuery) -> bool:
    return bool(store.need(ALL_VISIBLE, [query.target.oid])[0])


def find_login_query(store: Store, target: Target) -> LoginQuery | None:
    """Return how an application looks a user up, or None where the table has no such columns."""
    key = [column.name for column in target.key]
    parameters = {"table": target.oid, "secret": target.field.column, "key": key}
    login, flag = store.one(LOGIN, parameters), store.one(FLAG, [target.oid])
    return LoginQuery(target, login[0], flag[0]) if login and flag else None


def _build(store: Store, query: LoginQuery) -> None:
    store.execute(CREATE, (), **query.parts)
    valid = store.one(IS_VALID, [query.index.as_string(store.connection)])
    if not (valid and valid[0]):
        store.execute(DROP, index=query.index)
        raise StoreError(f"the index {query.index_name} was built but is not valid; dropped again")


def _plan(store: Store, query: LoginQuery, sample: object) -> Plan:
    plans = [store.need(EXPLAIN, [sample], **query.parts)[0][0] for _ in range(_TIMINGS)]
    root = plans[-1]["Plan"]
    return Plan(
        node=root["Node Type"],
        index=root.get("Index Name"),
        cost=root["Total Cost"],
        milliseconds=median(plan["Execution Time"] for plan in plans),
    )
