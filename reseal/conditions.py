"""What a stored value is, as conditions in SQL: what `shape` tells in Python, to the same end."""

from psycopg import sql

from reseal.field import Field
from reseal.foreign import MARK, OTPAUTH, SEPARATOR, UNMARKED
from reseal.shape import USUAL, USUAL_LENGTHS, USUAL_LETTERS
from reseal.store.catalog import Target
from reseal.store.store import literal


def is_empty(target: Target, value: sql.Composable | None = None) -> sql.Composable:
    """Return the condition that a value is no secret, by default the row `t`'s; never NULL.

    Of a document, only that there is none at all.
    """
    column = target.stored if value is None else value
    if target.is_document or not target.field.empty:
        return sql.SQL("({} IS NULL)").format(column)
    texts = sql.SQL(", ").join(literal(text) for text in sorted(target.field.empty))
    judged = target.column.judge(column)
    return sql.SQL("({} IS NULL OR {} IN ({}))").format(column, judged, texts)


def begins(value: sql.Composable, prefix: str) -> sql.Composable:
    """Return the condition that a value begins with this prefix, which is of base64's letters."""
    # starts_with() takes twice as long: it cuts the beginning out, letter by letter.
    return sql.SQL("({} LIKE {})").format(value, sql.Literal(f"{prefix}%"))


def is_foreign(value: sql.Composable) -> sql.Composable:
    """Return the condition that another library wrote a value."""
    # One pattern for all of UNMARKED makes an automaton that takes the server fifty times as long
    # as one pattern after the other, and most values have no separator.
    layouts = sql.SQL(" OR ").join(matches(value, kind.pattern) for kind in UNMARKED)
    return sql.SQL("({} OR ({} AND NOT {} AND ({})))").format(
        matches(value, MARK), matches(value, SEPARATOR), matches(value, OTPAUTH), layouts
    )


def is_usual(field: Field, value: sql.Composable) -> sql.Composable:
    """Return the condition that one quick look shows a value to be plaintext."""
    if field.format != "base32":
        return sql.SQL("false")
    least, most = USUAL_LENGTHS
    # What matches is ASCII, and letters of a text are counted one by one.
    return sql.SQL("(octet_length({}) BETWEEN {} AND {} AND {})").format(
        value, least, most, matches(value, USUAL_LETTERS)
    )


def is_plain(field: Field, value: sql.Composable) -> sql.Composable:
    """Return the condition that a value is what the field's format recognises."""
    whole = matches(value, field.pattern)
    if field.format not in USUAL:
        return whole
    characters, least, most, multiple = USUAL[field.format]
    return sql.SQL(
        "(octet_length({0}) BETWEEN {1} AND {2} AND mod(octet_length({0}), {3}) = 0 AND {4} OR {5})"
    ).format(value, least, most, multiple, matches(value, characters), whole)


def matches(value: sql.Composable, pattern: str) -> sql.Composable:
    """Return the condition that a value matches one of our own patterns."""
    return sql.SQL("{} ~ {}").format(value, sql.Literal(pattern))
