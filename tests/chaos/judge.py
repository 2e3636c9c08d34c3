"""Compare what stands in the table with what the application remembers, both ways."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg

from reseal.audit.verify import verify_log
from reseal.envelope import Envelope
from reseal.errors import EnvelopeError
from reseal.keyring import Keyring
from reseal.place import Place
from tests.chaos.application import Application
from tests.chaos.desk import is_plain
from tests.flows.scene import FIELD, Scene, Stored, is_sealed

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

STORED = "SELECT id, mfa_secret FROM users"

# Every plaintext that was ever written was sealed by a run, or written over by the application
# before a run came, or still stands; and so does what a rollback has put back. Of what a rotation
# has written, some was plaintext before: how much, it does not record.
BY_RUNS = """
SELECT coalesce(sum(changed) FILTER (WHERE turn = 'seal'), 0)::int
       - coalesce(sum(changed) FILTER (WHERE turn = 'unseal'), 0)::int,
       coalesce(sum(changed) FILTER (WHERE turn = 'reseal'), 0)::int
FROM reseal.batch
"""

MISCOUNTED = """
SELECT count(*) FROM reseal.batch
WHERE rows_read <> changed + moved + locked + settled + empty + quarantined + left_alone
"""

QUARANTINED = "SELECT count(*) FROM reseal.quarantine"

INVALID_INDEXES = """
SELECT count(*) FROM pg_index WHERE indrelid = 'users'::regclass AND NOT (indisvalid AND indisready)
"""


@dataclass
class Verdict:
    """What was found wrong; a campaign is won where all of it is zero."""

    lost: int = 0
    unverifiable: int = 0
    sealed_twice: int = 0
    extra: int = 0
    missing: int = 0
    miscounted: int = 0
    unaccounted: int = 0
    broken_links: int = 0
    failed_logins: int = 0
    left_processes: int = 0
    false_done: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether nothing at all went wrong."""
        return not self.notes and not any(self.counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {k.replace("_", " "): n for k, n in vars(self).items() if isinstance(n, int)}

    def __str__(self) -> str:
        found = [f"{n} {name}" for name, n in self.counts.items() if n]
        return ", ".join([*found, *self.notes]) or "nothing wrong"


@dataclass(frozen=True)
class Standing:
    """What stood in the table and what was remembered at one moment."""

    stored: Stored
    oracle: Stored
    written: dict[int, float]
    counts: Counter[str]
    sealed: int = 0
    resealed: int = 0

    @property
    def gone(self) -> int:
        """How many plaintexts the application neither wrote over nor finds any more."""
        standing = sum(map(is_plain, self.stored.values()))
        return self.counts["plain written"] - self.counts["plain taken back"] - standing


def look(scene: Scene, application: Application) -> Standing:
    """Look at all of it while the application holds its breath."""
    with application.paused(), scene.connect() as connection, connection.transaction():
        connection.execute(SNAPSHOT)
        return Standing(
            stored=dict(connection.execute(STORED).fetchall()),
            oracle=application.oracle,
            written=application.written,
            counts=application.counts,
            **_by_runs(connection),
        )


def judge(scene: Scene, standing: Standing, before: Standing) -> Verdict:
    """Judge every row, the ledger since an earlier look, and the audit log."""
    stored, oracle = standing.stored, standing.oracle
    found = kinds(scene, stored, oracle)
    has_records = bool(scene.ask("SELECT to_regclass('reseal.batch') IS NOT NULL"))
    return Verdict(
        lost=found["lost"],
        unverifiable=found["unverifiable"],
        sealed_twice=found["sealed twice"],
        extra=len(stored.keys() - oracle.keys()),
        missing=len(oracle.keys() - stored.keys()),
        miscounted=scene.ask(MISCOUNTED) if has_records else 0,
        unaccounted=_unaccounted(standing, before),
        broken_links=_broken_links(scene) if has_records else 0,
    )


def kinds(scene: Scene, stored: Stored, oracle: Stored) -> Counter[str]:
    """Count what became of the secrets that both know of: right, empty, plain, or how it is bad."""
    if not any(map(is_sealed, stored.values())):
        keyring = None
    else:
        with scene.library() as (access, store):
            keyring = access.keyring(store)
    return Counter(kind(keyring, key, stored[key], oracle[key]) for key in stored.keys() & oracle)


def kind(keyring: Keyring | None, key: int, stored: str | None, enrolled: str | None) -> str:
    """Say what became of one secret."""
    if not is_sealed(stored) or stored is None:
        if stored != enrolled:
            return "lost"
        return "plain" if is_plain(stored) else "empty"
    if keyring is None:
        return "unverifiable"
    try:
        opened = keyring.open(Place(FIELD, (key,)), Envelope.parse(stored)).reveal()
    except EnvelopeError:
        return "unverifiable"
    if opened == enrolled:
        return "right"
    return "sealed twice" if is_sealed(opened) else "lost"


def _by_runs(connection: psycopg.Connection) -> dict[str, Any]:
    if connection.execute("SELECT to_regclass('reseal.batch')").fetchone() == (None,):
        return {}
    sealed, resealed = connection.execute(BY_RUNS).fetchone() or (0, 0)
    return {"sealed": sealed, "resealed": resealed}


def _unaccounted(standing: Standing, before: Standing) -> int:
    """Count plaintexts that went without a record, or are recorded and did not go."""
    sealed = standing.sealed - before.sealed
    by_rotation = standing.gone - before.gone - sealed
    return max(-by_rotation, by_rotation - (standing.resealed - before.resealed), 0)


def _broken_links(scene: Scene) -> int:
    with scene.library() as (_, store):
        return verify_log(store).count
