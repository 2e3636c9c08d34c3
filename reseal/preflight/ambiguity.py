"""The check of values whose alphabet cannot tell a secret from another application's ciphertext."""

import re
from collections import Counter
from dataclasses import replace
from typing import LiteralString, NamedTuple

from psycopg import sql

from reseal.conditions import begins, is_empty, is_foreign, is_plain, is_usual, matches
from reseal.envelope import PREFIX
from reseal.preflight.leaves import leaf_texts, siblings
from reseal.preflight.question import Finding, Question, ok, refuse, warn
from reseal.preflight.subject import FieldSubject
from reseal.shape import Shape, pattern_of

MOST_DECLARED_SHARE = 0.01
NAMED_SIZES = 5
DECLARE = 'if they are secrets in the clear say so: declared = "plaintext" in reseal.toml'
REMEDY = f"look at some rows; {DECLARE}"

# Of 10, 16 and 20 bytes: what generators of secrets make, and shorter than any ciphertext of one.
TYPICAL = {
    "base32": frozenset({16, 26, 32}),
    "hex": frozenset({20, 32, 40}),
    "bytes": frozenset({10, 16, 20}),
}

# What is written around the characters that count, and what one of it counts as.
NOISE = {"base32": ("[ =\\n\\r-]", ""), "hex": ("[^0-9A-Fa-f]", "")}
NOISE |= {"bytes": (r"\\[0-7]{3}|\\\\", "x")}
UNITS = {"base32": "base32 of {} characters", "hex": "hex of {} characters", "bytes": "{} bytes"}

# Only sizes are counted; no value leaves the server. Patterns are what costs, so each value meets
# few of them, and once: a size below zero is of one that only a declaration makes plain.
SIZES = """
SELECT abs(size), sum(rows)::bigint, coalesce(sum(rows) FILTER (WHERE size < 0), 0)::bigint FROM (
    SELECT CASE WHEN {usual} THEN length({secret})
                WHEN {sealed} OR {foreign} OR NOT {plain} THEN NULL
                ELSE length(regexp_replace({secret}, {noise}, {unit}, 'g'))
                     * CASE WHEN {strict} THEN 1 ELSE -1 END END,
           count(*)
    FROM {table} AS t WHERE ({where}) AND NOT {empty} GROUP BY 1) AS counted (size, rows)
WHERE size IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1
"""

# The first rows will do: this asks what a column is for, not what a row holds.
ENCODED = """
SELECT count(*), count(*) FILTER (WHERE {encoded}) FROM (
    SELECT {secret} AS value FROM {table} AS t
    WHERE ({where}) AND NOT {empty} AND NOT {sealed} AND NOT {foreign} LIMIT 1000) AS sample
"""

LONG_BASE64 = r"\A[A-Za-z0-9+/_-]{45,}={0,2}(?:\r?\n)?\Z"

SIBLINGS = """
SELECT attname FROM pg_attribute WHERE attrelid = %(oid)s AND attnum > 0 AND NOT attisdropped
ORDER BY attnum
"""

_SAYS_CIPHERTEXT = re.compile("encrypt|cipher|_enc$|^enc_", re.IGNORECASE)
_BESIDE_CIPHERTEXT = ("iv", "nonce", "tag", "salt")


class Size(NamedTuple):
    """How many values have a size, and how many of them only a declaration makes plain."""

    characters: int
    rows: int
    declared_rows: int


def ambiguity(subject: FieldSubject) -> Finding:
    """Look whether the values could as well be another application's ciphertext."""
    field = subject.target.field
    if field.declared:
        return ok("declared as plaintext")
    if field.format == "otpauth":
        return ok("an otpauth URL is no ciphertext")
    names = _telling_names(subject)
    if names:
        remedy = f"look at some rows: these names belong to ciphertext; {DECLARE}"
        return refuse(f"named as ciphertext is: {', '.join(names)}", remedy)
    return _encoded(subject) if field.format == "text" else _sized(subject)


def _telling_names(subject: FieldSubject) -> list[str]:
    """Return the names of the column or its neighbours that say what it holds."""
    column = subject.target.field.column
    beside = {
        f"{column}{joint}{part}".lower() for joint in ("_", "") for part in _BESIDE_CIPHERTEXT
    }
    beside |= {"iv", "nonce"}
    names = [name for (name,) in subject.store.execute(SIBLINGS, {"oid": subject.target.oid})]
    telling = [column] if _SAYS_CIPHERTEXT.search(column) else []
    telling += [name for name in names if name != column and name.lower() in beside]
    return telling + siblings(subject, ("iv", "nonce"))


def _sized(subject: FieldSubject) -> Finding:
    """Judge the sizes of what the format recognises."""
    format_name = subject.target.field.format
    sizes = _sizes(subject, format_name)
    odd = [size for size in sizes if size.characters not in TYPICAL[format_name]]
    if not odd:
        return ok("all of a secret's usual size")
    named = ", ".join(_said(size, format_name) for size in odd[:NAMED_SIZES])
    value = f"{named} could as well be ciphertext"
    declared = sum(size.declared_rows for size in sizes)
    if declared > MOST_DECLARED_SHARE * subject.census.unsettled:
        return refuse(f"{value}; {declared} rows are plain only if declared", REMEDY)
    return warn(value, REMEDY)


def _sizes(subject: FieldSubject, format_name: str) -> list[Size]:
    noise, unit = NOISE[format_name]
    target = subject.target
    if target.is_document:
        return _sizes_of(leaf_texts(subject, Shape.PLAIN, Shape.UNRECOGNISED), format_name)
    rows = _ask(
        subject,
        SIZES,
        noise=sql.Literal(noise),
        unit=sql.Literal(unit),
        usual=is_usual(target.field, target.secret),
        strict=is_plain(target.field, target.secret),
        plain=is_plain(replace(target.field, declared=True), target.secret),
    )
    return [Size(*row) for row in rows]


def _sizes_of(texts: list[str], format_name: str) -> list[Size]:
    noise, unit = NOISE[format_name]
    whole = re.compile(pattern_of(format_name, declared=True), re.DOTALL)
    strict = re.compile(pattern_of(format_name, declared=False), re.DOTALL)
    rows: Counter[int] = Counter()
    declared_rows: Counter[int] = Counter()
    for text in filter(whole.match, texts):
        size = len(re.sub(noise, unit, text))
        rows[size] += 1
        declared_rows[size] += not strict.match(text)
    return [Size(size, count, declared_rows[size]) for size, count in rows.most_common()]


def _said(size: Size, format_name: str) -> str:
    return f"{UNITS[format_name].format(size.characters)} ({size.rows} rows)"


def _encoded(subject: FieldSubject) -> Finding:
    """Judge free text: a phrase is not all base64."""
    sampled, encoded = _count_encoded(subject)
    if sampled and sampled == encoded:
        value = f"all {sampled} rows looked at are long hex or base64, which ciphertext is too"
        return warn(value, REMEDY)
    return ok("no name and no form of ciphertext")


def _count_encoded(subject: FieldSubject) -> tuple[int, ...]:
    if subject.target.is_document:
        texts = leaf_texts(subject, Shape.PLAIN)
        return len(texts), sum(bool(re.match(LONG_BASE64, text)) for text in texts)
    (counted,) = _ask(subject, ENCODED, encoded=matches(sql.Identifier("value"), LONG_BASE64))
    return counted


def _ask(
    subject: FieldSubject, statement: LiteralString, **parts: sql.Composable
) -> list[tuple[int, ...]]:
    target = subject.target
    return subject.store.execute(
        statement,
        (),
        secret=target.secret,
        table=target.table,
        where=target.where,
        empty=is_empty(target),
        sealed=begins(target.secret, PREFIX),
        foreign=is_foreign(target.secret),
        **parts,
    ).fetchall()


AMBIGUITY = Question("content: ambiguity", "sizes that only secrets have", ambiguity)
