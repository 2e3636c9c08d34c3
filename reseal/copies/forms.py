"""The forms in which a secret can be found again: as it is, decoded, in base32, hex or base64."""

import re
from base64 import b32encode, b64encode

from psycopg import sql

from reseal.store.column import Column

# Anything shorter is found by chance.
SHORTEST = 10

# Case, blanks, dashes and line ends do not make another secret, nor does padding.
NORMAL = r"translate(lower({}), E' -\r\n\t', '')"
NEEDLE = "rtrim(" + NORMAL + ", '=')"

# Bits are written as text, for which PostgreSQL has the functions that it lacks for bits.
BASE32_TO_HEX = """
(SELECT string_agg(to_hex(substr(b.bits, i, 4)::bit(4)::int), '' ORDER BY i)
 FROM (SELECT string_agg((strpos('abcdefghijklmnopqrstuvwxyz234567', x.c) - 1)::bit(5)::text, ''
                         ORDER BY x.n) AS bits
       FROM regexp_split_to_table({0}, '') WITH ORDINALITY AS x (c, n)) AS b
 CROSS JOIN LATERAL generate_series(1, length(b.bits) / 8 * 8, 4) AS i
 WHERE {0} ~ '\\A[a-z2-7]+\\Z')
"""
HEX_TO_BASE32 = """
(SELECT string_agg(substr('abcdefghijklmnopqrstuvwxyz234567',
                          rpad(substr(b.bits, i, 5), 5, '0')::bit(5)::int + 1, 1), '' ORDER BY i)
 FROM (SELECT string_agg(('x' || x.c)::bit(4)::text, '' ORDER BY x.n) AS bits
       FROM regexp_split_to_table({0}, '') WITH ORDINALITY AS x (c, n)) AS b
 CROSS JOIN LATERAL generate_series(1, length(b.bits), 5) AS i WHERE {0} ~ '\\A[0-9a-f]+\\Z')
"""

NEEDLES = """
ARRAY(SELECT DISTINCT f FROM unnest(ARRAY[{forms}]) AS x (f) WHERE length(f) >= {shortest})
"""

_DROPPED = str.maketrans("", "", " -\r\n\t")
_BASE32_DIGITS = {digit: n for n, digit in enumerate("abcdefghijklmnopqrstuvwxyz234567")}
_SECRET_OF_URI = re.compile(r"[?&]secret=([^&]*)", re.IGNORECASE)


def normal(text: str) -> str:
    """Return a text as it is compared."""
    return text.lower().translate(_DROPPED)


def needles(text: str, format_name: str) -> list[str]:
    """Return the forms of a secret, as they are compared; the same as `needles_sql`."""
    if format_name == "otpauth":
        found = _SECRET_OF_URI.search(text)
        text, format_name = (found[1] if found else ""), "base32"
    plain = normal(text).rstrip("=")
    octets = _octets(plain, format_name)
    forms = {plain, text.encode().hex(), b64encode(text.encode()).decode().rstrip("=").lower()}
    if octets is not None:
        forms |= {octets.hex(), b32encode(octets).decode().rstrip("=").lower()}
    return [form for form in forms if len(form) >= SHORTEST]


def needles_sql(text: sql.Composable, format_name: str, column: Column | None) -> sql.Composable:
    """Return the expression of the forms of a secret, as text[]."""
    if format_name == "otpauth":
        text = sql.SQL("substring({} from '[?&][Ss][Ee][Cc][Rr][Ee][Tt]=([^&]*)')").format(text)
        format_name = "base32"
    plain = sql.SQL(NEEDLE).format(text)
    utf8 = sql.SQL("convert_to({}, 'UTF8')").format(text)
    forms = [
        plain,
        sql.SQL("encode({}, 'hex')").format(utf8),
        sql.SQL(NEEDLE).format(sql.SQL("encode({}, 'base64')").format(utf8)),
    ]
    if format_name == "base32":
        forms.append(sql.SQL(BASE32_TO_HEX).format(plain))
    elif format_name == "hex":
        forms.append(sql.SQL(HEX_TO_BASE32).format(plain))
    elif column is not None and column.is_bytes:
        in_hex = sql.SQL("encode({}, 'hex')").format(sql.Identifier("t", column.name))
        forms = [in_hex, sql.SQL(HEX_TO_BASE32).format(in_hex)]
    return sql.SQL(NEEDLES).format(forms=sql.SQL(", ").join(forms), shortest=sql.Literal(SHORTEST))


def haystack(value: sql.Composable) -> sql.Composable:
    """Return the expression of what forms are looked for in."""
    return sql.SQL(NORMAL).format(sql.SQL("left({}, 100000)").format(value))


def _octets(plain: str, format_name: str) -> bytes | None:
    """Decode base32 or hex; bits that make no whole byte are dropped."""
    if format_name == "hex":
        try:
            return bytes.fromhex(plain)
        except ValueError:
            return None
    if format_name != "base32" or not plain or not set(plain) <= set(_BASE32_DIGITS):
        return None
    number = 0
    for digit in plain:
        number = number << 5 | _BASE32_DIGITS[digit]
    size = len(plain) * 5
    return (number >> size % 8).to_bytes(size // 8, "big")
