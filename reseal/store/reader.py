"""The row by which a live application tells which keys it opens and whether it seals."""

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from reseal import __version__
from reseal.store.store import Statement, Store

BEAT = """
INSERT INTO {reseal}.reader (instance, library, opens, seals, policy, active)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (instance) DO UPDATE SET library = excluded.library, opens = excluded.opens,
    seals = excluded.seals, policy = excluded.policy, active = excluded.active,
    seen = clock_timestamp()
"""

LEAVE = "DELETE FROM {reseal}.reader WHERE instance = %s"

LIVE = """
SELECT instance, opens ->> %s, seals, active FROM {reseal}.reader
WHERE seen > clock_timestamp() - interval '2 minutes' ORDER BY instance
"""


REFUSING = """
SELECT instance FROM {reseal}.reader
WHERE seen > clock_timestamp() - interval '2 minutes' AND policy = 'refuse' ORDER BY instance
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """One instance of an application: the check value of each key version that it opens.

    `seals` says whether it writes envelopes and `active` under which key version, `policy` what
    it does with legacy plaintext.
    """

    instance: str
    opens: Mapping[int, bytes]
    seals: bool
    policy: str
    active: int | None = None


def telling(reader: Reader) -> Statement:
    """Return the statement that writes or renews an instance's row."""
    opens = {str(version): value.hex() for version, value in reader.opens.items()}
    values = [reader.instance, __version__, Jsonb(opens), reader.seals, reader.policy]
    return Statement(BEAT, [*values, reader.active])


def leaving(instance: str) -> Statement:
    """Return the statement by which an instance that ends is live no more."""
    return Statement(LEAVE, [instance])


def live(store: Store, version: int) -> dict[str, str | None]:
    """Return by instance the check value, in hex, that each live reader has for a key version."""
    found = store.execute(LIVE, [str(version)])
    return {instance: check_value for instance, check_value, *_ in found}


def sealing_under_other(store: Store, version: int) -> list[str]:
    """Return the live readers that say they seal under another key version than this one."""
    found = store.execute(LIVE, [str(version)])
    return [name for name, _, seals, active in found if seals and active not in (None, version)]


def sealing_under(store: Store, version: int) -> list[str]:
    """Return the live readers that seal under a key version, or do not say under which."""
    found = store.execute(LIVE, [str(version)])
    return [name for name, _, seals, active in found if seals and active in (None, version)]


def count_live(store: Store) -> tuple[int, int]:
    """Return how many readers are live, and how many of them still write plaintext."""
    seals = [seals for _, _, seals, _ in store.execute(LIVE, ["0"])]
    return len(seals), seals.count(False)


def refusing_plaintext(store: Store) -> list[str]:
    """Return the live readers that refuse a row which holds plaintext."""
    return [instance for (instance,) in store.execute(REFUSING)]
