"""Checks of what is made of a field's column: indexes, keys, generated columns, views."""

from typing import NamedTuple

from reseal.preflight.check import Verdict
from reseal.preflight.question import Finding, Question, none_of
from reseal.preflight.reads import reads_secret
from reseal.preflight.subject import FieldSubject

# The expression depends on what it reads: up to version 14 by the column, later by its default.
GENERATED = """
SELECT DISTINCT g.attname::text, pg_get_expr(f.adbin, f.adrelid), g.attnum = a.attnum
FROM pg_attribute a JOIN pg_attribute g ON g.attrelid = a.attrelid
LEFT JOIN pg_attrdef f ON f.adrelid = g.attrelid AND f.adnum = g.attnum
LEFT JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
    AND d.refobjsubid = a.attnum
    AND (d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
         OR d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND d.objsubid = g.attnum)
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attname = %(column)s AND NOT g.attisdropped
  AND g.attgenerated <> '' AND (d.objid IS NOT NULL OR g.attnum = a.attnum) ORDER BY 1
"""

VIEWS = """
SELECT DISTINCT pg_describe_object('pg_class'::regclass, r.ev_class, 0)
FROM pg_attribute a
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
    AND d.refobjsubid IN (0, a.attnum) AND d.classid = 'pg_rewrite'::regclass
JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> ALL (%(oids)s::oid[])
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attname = %(column)s ORDER BY 1
"""

FOREIGN_KEYS = """
SELECT DISTINCT k.conname::text FROM pg_attribute a
JOIN pg_constraint k ON k.contype = 'f' AND k.conparentid = 0
    AND (k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey)
         OR k.confrelid = a.attrelid AND a.attnum = ANY (k.confkey))
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attname = %(column)s ORDER BY 1
"""

# Those of a partition go with their parent's.
INDEXES = """
SELECT c.relname::text, i.indisunique OR i.indisexclusion, a.attnum = ANY (i.indkey),
       a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]),
       coalesce(pg_get_expr(i.indexprs, i.indrelid), ''),
       coalesce(pg_get_expr(i.indpred, i.indrelid), ''), quote_ident(a.attname)
FROM pg_attribute a JOIN pg_index i ON i.indrelid = a.attrelid
JOIN pg_class c ON c.oid = i.indexrelid AND NOT c.relispartition
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attname = %(column)s
  AND (a.attnum = ANY (i.indkey) OR EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
    AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum)) ORDER BY c.relname
"""


class Index(NamedTuple):
    """An index that has to do with the column: as a whole, as a key, in expression or predicate."""

    name: str
    is_unique: bool
    has_column: bool
    has_key: bool
    expressions: str
    predicate: str
    spelled: str

    def concerns(self, subject: FieldSubject) -> bool:
        """Say whether it reads the secret, and not just something else in the document."""
        read = (_reads(subject, text) for text in (self.expressions, self.predicate))
        return not subject.target.is_document or self.has_column or any(read)

    def keeps_distinct(self, subject: FieldSubject) -> bool:
        """Say whether it is unique by the secret itself, so that envelopes would evade it."""
        if not self.is_unique or self.has_key:
            return self.is_unique
        if subject.target.is_document:
            return _reads(subject, self.expressions)
        return self.spelled in self.expressions


def foreign_keys(subject: FieldSubject) -> Finding:
    """Look for foreign keys from or to the column."""
    names = [name for (name,) in subject.store.execute(FOREIGN_KEYS, subject.at)]
    remedy = "drop the foreign key: equal secrets do not give equal envelopes"
    return none_of(names, Verdict.REFUSE, remedy)


def unique(subject: FieldSubject) -> Finding:
    """Look for uniqueness of the secret, which means nothing for ciphertext."""
    names = [index.name for index in _indexes(subject) if index.keeps_distinct(subject)]
    remedy = "drop it: two envelopes always differ, so it would no longer find equal secrets"
    return none_of(names, Verdict.REFUSE, remedy)


def indexes(subject: FieldSubject) -> Finding:
    """Look for other indexes over the secret."""
    names = [index.name for index in _indexes(subject) if not index.keeps_distinct(subject)]
    remedy = "know that looking a row up by its secret ends; the prepare stage drops plain indexes"
    if subject.target.is_document:
        remedy = (
            "know that looking a row up by its secret ends, and that the prepare stage drops no "
            "index over a document: old values stay in it until VACUUM or REINDEX"
        )
    return none_of(names, Verdict.WARN, remedy)


def generated(subject: FieldSubject) -> Finding:
    """Look for generated columns that are made of the secret, or a secret that is generated."""
    found = subject.store.execute(GENERATED, subject.at).fetchall()
    if any(is_itself for _, _, is_itself in found):
        remedy = "seal the column that it is made of: what is generated cannot be written"
        return none_of([subject.target.field.column], Verdict.REFUSE, remedy)
    names = [name for name, expression, _ in found if _concerns(subject, expression)]
    return none_of(names, Verdict.REFUSE, "drop the generated column: it would show ciphertext")


def views(subject: FieldSubject) -> Finding:
    """Look for views that show the column."""
    names = [name for (name,) in subject.store.execute(VIEWS, subject.at)]
    remedy = "make their readers open envelopes; refresh materialized views, they keep copies"
    return none_of(names, Verdict.WARN, remedy)


def _indexes(subject: FieldSubject) -> list[Index]:
    found = (Index(*row) for row in subject.store.execute(INDEXES, subject.at))
    return [index for index in found if index.concerns(subject)]


def _concerns(subject: FieldSubject, expression: str) -> bool:
    return not subject.target.is_document or _reads(subject, expression)


def _reads(subject: FieldSubject, expression: str) -> bool:
    field = subject.target.field
    return field.path is not None and reads_secret(expression, field.column, field.path)


COLUMN_CHECKS = (
    Question("column: unique", "not unique", unique),
    Question("column: indexes", "none", indexes),
    Question("column: foreign keys", "none", foreign_keys),
    Question("column: generated", "none", generated),
    Question("column: views", "none", views),
)
