"""Rows whose envelope an application has written: what a run sealed there does not stand there.

The shield enters a row with the write itself, and the sweep that seals the row anew takes it off.
The row's lock puts the two in order.
"""

import json
from collections.abc import Iterable, Sequence

from psycopg import sql

from reseal.store.arrays import Array
from reseal.store.store import Store, literal

EXISTS = "SELECT EXISTS (SELECT FROM {reseal}.application_seal WHERE field = %s)"

# Only where the version that stands is this transaction's own.
FORGET = """
DELETE FROM {reseal}.application_seal AS a USING {source} JOIN {heap} AS t ON {same_key}
WHERE a.field = {field} AND a.row_key = {texts} AND t.xmin = pg_current_xact_id()::xid
"""

AMONG = """
SELECT a.row_key FROM jsonb_array_elements(%s::jsonb) AS k
JOIN {reseal}.application_seal AS a ON a.row_key = ARRAY(SELECT jsonb_array_elements_text(k))
WHERE a.field = %s
"""


def exist(store: Store, field: str) -> bool:
    """Say whether there is any such row of a field."""
    return bool(store.need(EXISTS, [field])[0])


def forget(store: Store, field: str, parameters: list[Array], **rows: sql.Composable) -> None:
    """Take rows off that this transaction has written; `rows` join them to their heap."""
    store.execute(FORGET, parameters, field=literal(field), **rows)


def among(store: Store, field: str, keys: Iterable[Sequence[str]]) -> frozenset[tuple[str, ...]]:
    """Return which of these rows of a field hold an envelope that an application wrote."""
    found = store.execute(AMONG, [json.dumps([list(key) for key in keys]), field])
    return frozenset(tuple(row_key) for (row_key,) in found)
