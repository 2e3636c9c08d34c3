"""What the shield is made of: a function of the field's own, and three triggers that call it.

One trigger keeps the envelope where an application writes back what was sealed. Two enter the rows
whose envelope an application writes itself, of which no original is known.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from reseal.conditions import begins, is_empty
from reseal.envelope import PREFIX
from reseal.store.aside import MARK
from reseal.store.catalog import Target
from reseal.store.store import Statement, Store

ANY_FAMILY = "reseal_shield_"

# With its owner's rights, as an application may not read the backup, and on a path and settings of
# its own, as what the caller has set must decide neither what is run nor how a key is spelled. It
# is volatile, so that it sees what was committed while the row was waited for.
FUNCTION = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO, YMD'
SET IntervalStyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1
AS {body}
"""

# Only the newest original of a row counts, of a backup since which the shield has stood, and none
# where an application has sealed since: a former secret that is put back is an enrolment like any
# other, and must not be swallowed. All of that is one statement, so that a backup that is shredded
# meanwhile leaves the next older one no say; the key is a variable in it, as an expression with a
# collation of its own would find no index. An application's write never fails by it: what cannot
# be told, as after a column was renamed, passes, and of what cannot be entered no original counts.
BODY = """
#variable_conflict use_column
DECLARE
    reseal_key text[];
    reseal_written text;
    reseal_is_known boolean;
BEGIN
    IF TG_WHEN = 'AFTER' THEN
        INSERT INTO {reseal}.application_seal (field, row_key)
        SELECT {field}, {key} FROM (SELECT {new_key}) AS t ON CONFLICT DO NOTHING;
        RETURN NULL;
    END IF;
    SELECT {key}, {cell} INTO reseal_key, reseal_written FROM (SELECT {old_key_and_new_cell}) AS t;
    SELECT o.digest = sha256(s.salt || convert_to(reseal_written, 'UTF8')) INTO reseal_is_known
    FROM {reseal}.backup_set AS s
    CROSS JOIN LATERAL (
        SELECT b.digest FROM {reseal}.backup AS b
        WHERE b.run_id = s.run_id AND b.field = s.field
          AND b.row_key[1] = reseal_key[1] AND b.row_key = reseal_key LIMIT 1) AS o
    WHERE s.field = {field} AND s.shielded
      AND NOT EXISTS (SELECT FROM {reseal}.application_seal AS a
                      WHERE a.field = {field} AND a.row_key = reseal_key)
    ORDER BY s.created DESC LIMIT 1;
    IF reseal_is_known{and_is_the_fields} THEN
        NEW.{column} := OLD.{column};
    END IF;
    RETURN NEW;
EXCEPTION
    WHEN transaction_rollback THEN
        RAISE;
    WHEN OTHERS THEN
        IF TG_WHEN = 'AFTER' THEN
            UPDATE {reseal}.backup_set SET shielded = false WHERE field = {field} AND shielded;
            RETURN NULL;
        END IF;
        RETURN NEW;
END
"""

# A row of another field on the same column is none of this one's.
AND_IS_THE_FIELDS: LiteralString = """
       AND (SELECT ({where}) FROM (SELECT {was}) AS t)
       AND (SELECT ({where}) FROM (SELECT {will_be}) AS t)"""

# A sweep pays for no call, nor does a login that leaves the column alone.
KEEP = """
CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table} FOR EACH ROW
WHEN ({was_sealed} AND NOT {is_sealed} AND NOT {is_empty} AND NOT ({is_another_row})
      AND {nobody_sweeps})
EXECUTE FUNCTION {function}()
"""

ENTER_UPDATED = """
CREATE TRIGGER {name} AFTER UPDATE OF {columns} ON {table} FOR EACH ROW
WHEN ({nobody_sweeps} AND {is_sealed} AND ({differs} OR {is_another_row}))
EXECUTE FUNCTION {function}()
"""

ENTER_INSERTED = """
CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW
WHEN ({is_sealed} AND {nobody_sweeps})
EXECUTE FUNCTION {function}()
"""

TRIGGERS: dict[str, LiteralString] = {
    "keep": KEEP,
    "updated": ENTER_UPDATED,
    "inserted": ENTER_INSERTED,
}

NOBODY_SWEEPS: LiteralString = "current_setting('reseal.sweeping', true) IS DISTINCT FROM 'on'"

COLUMNS = """
SELECT a.attname::text, CASE WHEN a.attgenerated <> '' THEN pg_get_expr(f.adbin, f.adrelid) END
FROM pg_attribute AS a
LEFT JOIN pg_attrdef AS f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A field's shield.

    `told` are the columns that tell, by `where`, which rows are the field's, and `fixed` those of
    them and of the key that a row keeps as long as it is the same row; neither is the secret's own.
    """

    target: Target
    schema: str
    told: tuple[str, ...]
    fixed: tuple[str, ...]

    @classmethod
    def of(cls, store: Store, target: Target) -> "Source":
        """Look at the table's columns, and at what those are made of that are generated."""
        made: dict[str, str | None] = dict(store.execute(COLUMNS, [target.oid]).fetchall())
        told = _named(target.field.where or "", made, but=target.field.column)
        ordinary = [name for name, of in made.items() if of is None]
        fixed: list[str] = []
        for name in [*(column.name for column in target.key), *told]:
            # What is generated is not known yet before a row is written.
            of = made[name]
            fixed += [name] if of is None else _named(of, ordinary, but=target.field.column)
        return cls(target, store.schema, tuple(told), tuple(dict.fromkeys(fixed)))

    @property
    def function(self) -> sql.Identifier:
        """The function, quoted."""
        return sql.Identifier(self.schema, family(self.target.field.name))

    @property
    def names(self) -> dict[str, str]:
        """The names of the triggers, which any other definition would change."""
        parts = {name: part.as_string() for name, part in self._parts().items()}
        said = [self.body, *TRIGGERS.values(), *(parts[name] for name in sorted(parts))]
        mark = hashlib.sha256("".join(said).encode()).hexdigest()[:8]
        return {what: f"{family(self.target.field.name)}_{mark}_{what}" for what in TRIGGERS}

    @property
    def body(self) -> str:
        """The source of the function."""
        target, own = self.target, [self.target.field.column]
        keys = [column.name for column in target.key]
        composed = sql.SQL(BODY).format(
            reseal=sql.Identifier(self.schema),
            field=sql.Literal(target.field.name),
            key=target.key_texts,
            new_key=_of(("new", keys)),
            old_key_and_new_cell=_of(("old", keys), ("new", own)),
            # Plaintext stands in the column itself, also where envelopes are kept aside.
            cell=target.column.read(target.stored),
            column=sql.Identifier(*own),
            and_is_the_fields=self._and_is_the_fields(),
        )
        return composed.as_string()

    def trigger(self, what: str, table: sql.Identifier) -> Statement:
        """Return the statement that puts one of the triggers on a table."""
        name = sql.Identifier(self.names[what])
        return Statement(TRIGGERS[what], (), {"name": name, "table": table, **self._parts()})

    def _and_is_the_fields(self) -> sql.Composable:
        if not self.target.field.where:
            return sql.SQL("")
        own, told = [self.target.field.column], list(self.told)
        return sql.SQL(AND_IS_THE_FIELDS).format(
            where=sql.SQL(f"{self.target.field.where}\n"),
            was=_of(("old", [*told, *own])),
            # What else `where` looks at is as it was, or it would be another row.
            will_be=_of(("old", told), ("new", own)),
        )

    def _parts(self) -> dict[str, sql.Composable]:
        target, own = self.target, self.target.field.column
        old, new = (sql.Identifier(row, own) for row in ("old", "new"))
        judged = map(target.column.judge, (old, new))
        return {
            "function": self.function,
            "column": sql.Identifier(own),
            "columns": sql.SQL(", ").join(map(sql.Identifier, [own, *self.fixed])),
            "was_sealed": _is_sealed(target, old),
            "is_sealed": _is_sealed(target, new),
            "is_empty": is_empty(target, new),
            "differs": sql.SQL("{} IS DISTINCT FROM {}").format(*judged),
            "is_another_row": sql.SQL(" OR ").join(map(_differs, self.fixed)),
            "nobody_sweeps": sql.SQL(NOBODY_SWEEPS),
        }


def family(field: str) -> str:
    """Return how the names of a field's shield begin; fields may share a column."""
    return f"{ANY_FAMILY}{hashlib.sha256(field.encode()).hexdigest()[:8]}"


def family_of(trigger: str) -> str:
    """Return which field's shield a trigger is of."""
    return trigger[: len(family(""))]


def _named(text: str, names: Iterable[str], *, but: str) -> list[str]:
    """Return the names that stand in a piece of SQL, as far as that is seen; rather too many."""
    return [
        name
        for name in names
        if name != but and re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text, re.IGNORECASE)
    ]


def _of(*columns: tuple[str, list[str]]) -> sql.Composable:
    """Return columns of the old and the new row under their own names."""
    return sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(sql.Identifier(row, name), sql.Identifier(name))
        for row, names in columns
        for name in names
    )


def _differs(name: str) -> sql.Composable:
    # Byte by byte, as keys are bound, and because not every type knows what is equal.
    text = '{}::text COLLATE "C" IS DISTINCT FROM {}::text COLLATE "C"'
    return sql.SQL(text).format(sql.Identifier("old", name), sql.Identifier("new", name))


def _is_sealed(target: Target, value: sql.Composable) -> sql.Composable:
    judged = target.column.judge(value)
    if target.is_document:
        # Whether every leaf of it is, only a parser tells; this keeps out what has none.
        sealed: sql.Composable = sql.SQL("(strpos({}, {}) > 0)").format(judged, sql.Literal(PREFIX))
    elif target.field.keeps_aside:
        sealed = sql.SQL("({} ~ {})").format(judged, sql.Literal(MARK))
    else:
        sealed = begins(judged, PREFIX)
    return sql.SQL("coalesce({}, false)").format(sealed)
