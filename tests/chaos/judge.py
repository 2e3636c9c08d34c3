"""Compare what stands in the table with what the application remembers, both ways."""

from collections import Counter
from dataclasses import dataclass, field

from reseal.envelope import Envelope
from reseal.errors import EnvelopeError
from reseal.keyring import Keyring
from reseal.place import Place
from tests.chaos.application import Application, is_plain
from tests.flows.scene import FIELD, Scene, is_sealed

# Every plaintext that was ever written was sealed by a run, or written over by the application
# before a run came, or still stands.
SEALED_BY_RUNS = "SELECT coalesce(sum(changed), 0)::int FROM reseal.batch WHERE turn = 'seal'"

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
    still_plain: int = 0
    quarantined: int = 0
    miscounted: int = 0
    unaccounted: int = 0
    invalid_indexes: int = 0
    failed_logins: int = 0
    left_processes: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_won(self) -> bool:
        """Whether nothing at all went wrong."""
        return not self.notes and not any(self.counts.values())

    @property
    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {k.replace("_", " "): n for k, n in vars(self).items() if isinstance(n, int)}

    def __str__(self) -> str:
        return ", ".join([*(f"{n} {name}" for name, n in self.counts.items()), *self.notes])


def judge(scene: Scene, application: Application) -> Verdict:
    """Look at every row, at the ledger and at what a run may leave behind."""
    stored, oracle, counts = scene.stored(), application.oracle, application.counts
    found = kinds(scene, stored, oracle)
    return Verdict(
        lost=found["lost"],
        unverifiable=found["unverifiable"],
        sealed_twice=found["sealed twice"],
        extra=len(stored.keys() - oracle.keys()),
        missing=len(oracle.keys() - stored.keys()),
        still_plain=found["plain"],
        quarantined=scene.ask(QUARANTINED),
        miscounted=scene.ask(MISCOUNTED),
        unaccounted=_unaccounted(scene, counts, found["plain"]),
        invalid_indexes=scene.ask(INVALID_INDEXES),
        failed_logins=counts["failed logins"],
    )


def kinds(
    scene: Scene, stored: dict[int, str | None], oracle: dict[int, str | None]
) -> Counter[str]:
    """Count what became of the secrets that both know of: right, empty, plain, or how it is bad."""
    with scene.library() as (access, store):
        keyring = access.keyring(store)
    return Counter(_kind(keyring, key, stored[key], oracle[key]) for key in stored.keys() & oracle)


def _kind(keyring: Keyring, key: int, stored: str | None, enrolled: str | None) -> str:
    if not is_sealed(stored) or stored is None:
        if stored != enrolled:
            return "lost"
        return "plain" if is_plain(stored) else "empty"
    try:
        opened = keyring.open(Place(FIELD, (key,)), Envelope.parse(stored)).reveal()
    except EnvelopeError:
        return "unverifiable"
    if opened == enrolled:
        return "right"
    return "sealed twice" if is_sealed(opened) else "lost"


def _unaccounted(scene: Scene, counts: Counter[str], still_plain: int) -> int:
    due = counts["plain written"] - counts["plain taken back"] - still_plain
    return abs(int(scene.ask(SEALED_BY_RUNS)) - due)
