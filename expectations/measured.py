"""What must be true of what was measured beside the rows: one claim a class, one sentence each.

The words of the measures are those of reseal.measure, which this room does not import.
"""

from typing import Any

import pandas as pd

from expectations import gates
from expectations.claim import ROWS, Claim, ClaimOfEach, ClaimOfMeasures, measured
from expectations.claims import OPENED

IVS, ORIGINALS, BACKUP, PROBES = "initialisation vectors", "originals", "backup", "probes"
CODES, QUARANTINE, GUARD, SHIELD = "codes", "quarantine", "guard", "shield"
STATE, SEALS, PERIOD, READERS, GATES = "state", "seals", "period", "readers", "gates"

# Of a state: the key was marked as compromised.
KNOWN = "known to others"

# NIST SP 800-38D, 8.3, allows twice as many with random initialisation vectors.
MOST_SEALS = 2**31


class ExpectNoRepeatedIv(Claim):
    """AES-GCM gives its key stream and its authenticity away where one comes twice."""

    sentence = "No two envelopes under one key have the same initialisation vector."

    def about(self, facts: pd.DataFrame) -> pd.DataFrame:
        """Return all facts: as many must have been compared as envelopes were opened."""
        return facts

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look whether all were compared, and for repeats."""
        opened = facts["count"][_opened(facts)].sum()
        if not opened:
            return True
        return measured(facts, IVS, "opened") >= opened and not measured(facts, IVS, "repeated")


class ExpectProbesToComeOutRight(Claim):
    """What was never seen to fail proves little."""

    sentence = "Envelopes that are damaged, renamed or moved on purpose do not open."

    def about(self, facts: pd.DataFrame) -> pd.DataFrame:
        """Return all facts: where an envelope opens, there must have been a probe."""
        return facts

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look for probes that came out wrong, and for none at all."""
        right = facts["count"][facts["measure"] == PROBES]
        return bool((right == 1).all() and (len(right) or not _opened(facts).any()))


class ExpectSameCodes(ClaimOfMeasures):
    """Nobody's authenticator stops working, by the codes themselves."""

    sentence = "The codes of a sample of secrets are those of their originals."

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look for codes that differ; of rows that were all written since, none is compared."""
        return measured(facts, CODES, "differing") == 0


class ExpectOriginalsToAddUp(ClaimOfMeasures):
    """No row that had a secret was lost sight of."""

    sentence = (
        "The backup's {backed_up} originals add up: their rows were looked at or hold no secret "
        "any more, give or take {drift} written meanwhile."
    )
    backed_up: int
    drift: int

    def holds(self, facts: pd.DataFrame) -> bool:
        """Add up what became of the originals."""
        found = sum(measured(facts, ORIGINALS, of) for of in ("met", "gone", "emptied"))
        return abs(found - self.backed_up) <= self.drift


class ExpectEmptyQuarantine(ClaimOfMeasures):
    """What nobody could handle is named, and not yet decided."""

    sentence = "No row is in quarantine, leaving out {accepted} that were accepted as they are."
    accepted: int

    def __init__(self, **fields: Any) -> None:
        if not fields.get("accepted"):
            fields.setdefault("description", "No row is in quarantine.")
        super().__init__(**fields)

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look for rows that are set aside."""
        return measured(facts, QUARANTINE, "set aside") == 0


class ExpectStandingGuard(ClaimOfMeasures):
    """Once raised, it goes only by a rollback."""

    sentence = "The guard holds for every row, if it was ever raised and not taken off since."

    def holds(self, facts: pd.DataFrame) -> bool:
        """Compare what was done with what stands."""
        return measured(facts, GUARD, "holds") >= measured(facts, GUARD, "raised")


class ExpectShield(ClaimOfMeasures):
    """An application that saves what it had read must not bring plaintext back."""

    sentence = "The shield stands, or the record of this run says why not."

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look for the shield, or for the reason."""
        return measured(facts, SHIELD) > 0


class ExpectProvenBackup(ClaimOfMeasures):
    """Nothing is sealed before what it was can be brought back."""

    sentence = "The backup is proven: a restore gave back every original that it holds."

    def holds(self, facts: pd.DataFrame) -> bool:
        """Compare what was restored with what is kept."""
        return measured(facts, BACKUP, "restored") == measured(facts, BACKUP, "kept")


class ExpectSealsInBounds(ClaimOfMeasures):
    """Random initialisation vectors stay unlike only so long."""

    sentence = f"No key has sealed more than {MOST_SEALS:,} times."

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look at each key by itself."""
        counts = facts["count"][facts["measure"] == SEALS]
        return len(counts) > 0 and bool((counts <= MOST_SEALS).all())


class ExpectRoomToSeal(ClaimOfMeasures):
    """What an older key has sealed is no reason to keep it: a rotation replaces it."""

    sentence = f"Key {{key_version}} stays within {MOST_SEALS:,} seals, with {{rows}} rows to come."
    key_version: int
    rows: int

    def holds(self, facts: pd.DataFrame) -> bool:
        """Add what it is about to seal."""
        of_key = facts[facts["key_version"] == self.key_version]
        return measured(of_key, SEALS) + self.rows <= MOST_SEALS


class ExpectSealingKey(ClaimOfMeasures):
    """What is resealed under any other key has to be resealed again."""

    sentence = "Key {key_version} alone seals, and nobody else knows it."
    key_version: int

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look which keys seal, and whether this one was marked as compromised."""
        sealing = facts["key_version"][(facts["measure"] == STATE) & (facts["of"] == "active")]
        of_key = facts[facts["key_version"] == self.key_version]
        return list(sealing) == [self.key_version] and measured(of_key, STATE, KNOWN) == 0


class ExpectNothingUnderKnownKey(ClaimOfEach):
    """Whoever has the key and a copy of the table has the secrets."""

    sentence = "No envelope is under a key that others know."

    def about(self, facts: pd.DataFrame) -> pd.DataFrame:
        """Return all facts: what is known of keys is measured."""
        return facts

    def broken(self, facts: pd.DataFrame) -> "pd.Series[bool]":
        """Mark envelopes under a key of which it is not certain that nobody else knows it."""
        is_secret = (facts["measure"] == STATE) & (facts["of"] == KNOWN) & (facts["count"] == 0)
        fine = [0, *facts["key_version"][is_secret]]
        return (facts["measure"] == ROWS) & ~facts["key_version"].isin(fine)


class ExpectKeyInItsPeriod(ClaimOfMeasures):
    """How long a key may seal is limited as well (NIST SP 800-57 part 1, 5.3)."""

    sentence = "The key that seals is not past its date."

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look at the active key."""
        return measured(facts, PERIOD, "expired") == 0


class ExpectReadersOfKey(ClaimOfMeasures):
    """Who does not open the new key is locked out by the old one's end."""

    sentence = "Every live application that reports opens key {key_version}."
    key_version: int

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look for those that do not."""
        of_key = facts[facts["key_version"] == self.key_version]
        return measured(of_key, READERS, "do not open") == 0


class ExpectOpenGate(ClaimOfMeasures):
    """What keeps a key in use, gate by gate."""

    sentence = "{gate}"
    gate: str
    key_versions: list[int]

    @classmethod
    def said(cls, fields: dict[str, Any]) -> str:
        """Return the gate's own sentence, with the keys in it."""
        keys = ", ".join(map(str, fields["key_versions"]))
        return gates.said(fields["gate"], f"the retiring keys ({keys})")

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look whether the gate is open before each of the keys."""
        asked = facts[(facts["measure"] == GATES) & (facts["of"] == self.gate)]
        found = dict(zip(asked["key_version"], asked["count"], strict=True))
        return all(found.get(version) == 1 for version in self.key_versions)


def _opened(facts: pd.DataFrame) -> "pd.Series[bool]":
    return (facts["measure"] == ROWS) & facts["verdict"].isin(OPENED)
