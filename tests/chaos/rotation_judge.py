"""Judge a rotation that was killed, or that came to its end: its rows, its keys, its records."""

from collections import Counter
from dataclasses import dataclass

from reseal.audit.verify import verify_log
from reseal.envelope import Envelope
from tests.chaos.busy import Users
from tests.chaos.judge import INVALID_INDEXES, MISCOUNTED, QUARANTINED, kinds
from tests.chaos.rotation_points import Keys
from tests.flows.scene import Scene, is_sealed

STATES = "SELECT coalesce(json_object_agg(version, state), '{}') FROM reseal.data_key"

# What may stand in the column while a rotation is unfinished.
_SOUND = frozenset({"right", "empty", "plain"})


@dataclass(frozen=True)
class Standing:
    """What stood in the table and what the application remembered at one moment; the keys."""

    stored: dict[int, str | None]
    oracle: dict[int, str | None]
    keys: dict[int, str]

    @property
    def active(self) -> int:
        """The newest active key; 0 where there is none."""
        return max(self.in_state("active"), default=0)

    @property
    def rows(self) -> Counter[int]:
        """How many envelopes there are of each key version."""
        sealed = [text for text in self.stored.values() if text and is_sealed(text)]
        return Counter(Envelope.parse(text).key_version for text in sealed)

    @property
    def behind(self) -> dict[int, int]:
        """How many envelopes there are of each key version that is not the active one."""
        return {version: rows for version, rows in self.rows.items() if version != self.active}

    def in_state(self, state: str) -> list[int]:
        """The versions of the keys in a state."""
        return [version for version, now in self.keys.items() if now == state]


def look(scene: Scene, users: Users) -> Standing:
    """Look at everything while the application holds its breath."""
    with users.application.paused():
        stored, oracle, found = scene.stored(), users.oracle, scene.ask(STATES)
    return Standing(stored, oracle, {int(version): state for version, state in found.items()})


def unsound(scene: Scene, standing: Standing) -> list[str]:
    """Say what must never be, whenever a run is killed."""
    if len(standing.in_state("active")) != 1:
        return [f"there is not one active key: {standing.keys}"]
    found = kinds(scene, standing.stored, standing.oracle)
    wrong = {kind: rows for kind, rows in found.items() if kind not in _SOUND}
    wrong["missing"] = len(standing.oracle.keys() - standing.stored.keys())
    wrong["that nobody enrolled"] = len(standing.stored.keys() - standing.oracle.keys())
    opens = {v for v, state in standing.keys.items() if state in ("active", "retiring")}
    wrong["under a key that was never active"] = sum(
        rows for version, rows in standing.rows.items() if version not in opens
    )
    return [f"{rows} rows {kind}" for kind, rows in wrong.items() if rows]


def misplaced(standing: Standing, expected: Keys, before: Standing) -> list[str]:
    """Say where the keys are not as a point of a run demands; `before` is before the rotation."""
    staged, active = standing.in_state("staged"), standing.active
    held = {
        Keys.OLD: active == before.active and standing.keys == before.keys,
        Keys.STAGED: active == before.active and staged == [max(standing.keys)],
        Keys.NEW: active == max(standing.keys) > before.active and not staged,
    }
    return [] if held[expected] else [f"not true that {expected.value}: {standing.keys}"]


def unfinished(standing: Standing) -> list[str]:
    """Say what a rotation that came to its end has left undone."""
    plain = [t for t in standing.stored.values() if t and not is_sealed(t)]
    said = [
        f"{rows} rows are still under key {version}" for version, rows in standing.behind.items()
    ]
    if plain:
        said.append(f"{len(plain)} rows are still plaintext")
    if standing.in_state("staged"):
        said.append(f"a key is still staged: {standing.keys}")
    return said


def untidy(scene: Scene) -> list[str]:
    """Say what is wrong with the records that all the runs have left."""
    asked = {
        "rows in quarantine": QUARANTINED,
        "batches that do not add up": MISCOUNTED,
        "invalid indexes": INVALID_INDEXES,
    }
    counts = {what: scene.ask(query) for what, query in asked.items()}
    with scene.library() as (_, store):
        counts["broken links in the audit log"] = verify_log(store).count
    return [f"{count} {what}" for what, count in counts.items() if count]
