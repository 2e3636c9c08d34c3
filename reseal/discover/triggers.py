"""The triggers of a table that see the value which a sweep replaces."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reseal.discover.tables import Table
from reseal.store.store import Store

# 1 is row, 8 is DELETE, 16 is UPDATE. A function in C shows its name only.
TRIGGERS = """
SELECT t.tgname::text,
       CASE WHEN p.prosrc ~* %(row)s OR p.proname ~* %(known)s THEN 'copies the whole old row'
            WHEN p.prosrc ~* %(column)s THEN 'reads the old value'
            WHEN t.tgoldtable IS NOT NULL THEN 'sees the old rows as ' || t.tgoldtable END
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgrelid = %(oid)s AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 24 <> 0
  AND NOT starts_with(t.tgname::text, 'reseal') ORDER BY t.tgname
"""

_WHOLE_ROW = r"\mold\s*\.\s*\*|\(\s*old\s*[,)]|(,|\mselect)\s*old\s*[,);]|\mold\s*::|\mold\s*$"
_KNOWN = "^(versioning|if_modified_func|insert_update_delete_trigger|audit.*trigger)$"


@dataclass(frozen=True, slots=True)
class Copying:
    """A trigger that sees old values, and what it does with them."""

    table: str
    trigger: str
    what: str

    def as_dict(self) -> dict[str, str]:
        """Return it as the command line prints it."""
        return {"table": self.table, "trigger": self.trigger, "what": self.what}


def copying_triggers(store: Store, table: Table, columns: Iterable[str]) -> list[Copying]:
    """Return the triggers that see the old values of these columns."""
    names = "|".join(re.escape(column) for column in sorted(set(columns)))
    found = store.execute(
        TRIGGERS,
        {
            "oid": table.oid,
            "row": _WHOLE_ROW,
            "known": _KNOWN,
            "column": rf'\mold\s*\.\s*"?({names})("|\M)',
        },
    )
    return [Copying(table.qualified, name, what) for name, what in found if what]
