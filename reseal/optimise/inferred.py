"""The login query where nobody says what it is: inferred from the catalog."""

from dataclasses import dataclass

from psycopg import sql

from reseal.optimise.query import Condition, Holding, Operand, Query
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

# Marked, so that what a run asks itself is not taken for what applications ask.
LOOKUP = "SELECT /* reseal */ {key}, t.{flag} FROM {table} AS t WHERE {login} = %s AND t.{flag}"


@dataclass(frozen=True, slots=True)
class LoginQuery:
    """The columns of the login query on a field's table."""

    target: Target
    login: str
    flag: str

    @property
    def query(self) -> Query:
        """The query, taken apart."""
        key = [column.name for column in self.target.key]
        columns = tuple(dict.fromkeys([*key, self.flag]))
        return Query(columns, (Operand(self.login),), (Condition(self.flag, Holding.TRUE),))

    @property
    def parts(self) -> dict[str, sql.Composable]:
        """The parts of LOOKUP."""
        return {
            "table": self.target.table,
            "login": sql.Identifier("t", self.login),
            "flag": sql.Identifier(self.flag),
            "key": self.target.key_values,
        }


def find_login_query(store: Store, target: Target) -> LoginQuery | None:
    """Return how an application looks a user up, or None where the table has no such columns."""
    key = [column.name for column in target.key]
    parameters = {"table": target.oid, "secret": target.field.column, "key": key}
    login, flag = store.one(LOGIN, parameters), store.one(FLAG, [target.oid])
    return LoginQuery(target, login[0], flag[0]) if login and flag else None
