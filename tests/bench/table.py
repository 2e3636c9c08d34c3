"""The table of users that is measured: how many, by which keys, with which indexes."""

from dataclasses import dataclass
from enum import StrEnum

from reseal.envelope import length

SECRET_CHARACTERS = 32
ENVELOPE_CHARACTERS = length(SECRET_CHARACTERS, 1)

SOURCE = """
CREATE TABLE source AS
SELECT {key} AS id, 'user' || i || '@example.com' AS email,
       timestamptz '2026-01-01' + i * interval '1 minute' AS last_login,
       -- 32 hexadecimal digits, moved into the alphabet of base32.
       upper(translate(left(encode(sha256(i::text::bytea), 'hex'), 32), '0189', 'WXYZ'))
           AS mfa_secret
FROM generate_series(1, {rows}) AS i;
-- A sample of it would be old secrets that no run can take away.
ALTER TABLE source ALTER mfa_secret SET STATISTICS 0
"""

# In the order of the source, which scans that begin in the middle or go in parallel would change.
IN_ORDER = ("SET synchronize_seqscans = off", "SET max_parallel_workers_per_gather = 0")

EMPTY = ("DROP SCHEMA IF EXISTS reseal CASCADE", "DROP TABLE IF EXISTS users")

FILL = """
CREATE TABLE users AS SELECT id, email, last_login, {secret} AS mfa_secret FROM source LIMIT {rows}
"""

CONSTRAINTS = ("ALTER TABLE users ADD PRIMARY KEY (id)", "ALTER TABLE users ADD UNIQUE (email)")

FURTHER_INDEXES = (
    "CREATE INDEX ON users (last_login)",
    "CREATE INDEX ON users (lower(email))",
    "CREATE INDEX ON users (last_login, email)",
)

READY = ("VACUUM ANALYZE users", "CHECKPOINT")
PACK = ("VACUUM (FULL, ANALYZE) users", "CHECKPOINT")


class Keys(StrEnum):
    """The type of the primary key: numbers in order, or random UUIDs in the order of insertion."""

    BIGINT = "bigint"
    UUID = "uuid"


class Filling(StrEnum):
    """What stands in the column: secrets in the clear, or something as long as an envelope."""

    PLAIN = "mfa_secret"
    SEALED = f"repeat('y', {ENVELOPE_CHARACTERS})"


@dataclass(frozen=True)
class Table:
    """What the table is like; `further_indexes` are three that no secret is in."""

    rows: int
    keys: Keys = Keys.BIGINT
    further_indexes: bool = False

    def source(self) -> str:
        """Return the statements that make what every table is filled from."""
        key = "gen_random_uuid()" if self.keys is Keys.UUID else "i::bigint"
        return SOURCE.format(key=key, rows=self.rows)

    def renewal(self, filling: Filling) -> list[str]:
        """Return the statements that make the table anew, as packed as the first time."""
        fill = FILL.format(secret=filling, rows=self.rows)
        further = FURTHER_INDEXES if self.further_indexes else ()
        return [*IN_ORDER, *EMPTY, fill, *CONSTRAINTS, *further, *READY]
