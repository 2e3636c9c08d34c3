"""The last accepted time step of each row, so that no code counts twice (RFC 6238, 5.2)."""

from reseal.store.store import Statement

# Of two logins with one code at once, the second waits for the first and then finds no row.
USE = """
INSERT INTO {reseal}.totp_use AS u (field, row_key, step) VALUES (%s, %s, %s)
ON CONFLICT (field, row_key) DO UPDATE SET step = excluded.step, used = clock_timestamp()
WHERE u.step < excluded.step RETURNING step
"""

FORGET = "DELETE FROM {reseal}.totp_use WHERE field = %s AND row_key = %s"


def using(field: str, row_key: list[str], step: int) -> Statement:
    """Return the statement that uses a step up; it gives a row unless that or a later one was."""
    return Statement(USE, [field, row_key, step])


def forgetting(field: str, row_key: list[str]) -> Statement:
    """Return the statement for a row that has a new secret, of which no code was used yet."""
    return Statement(FORGET, [field, row_key])
