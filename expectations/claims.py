"""What must be true of the rows of a field: one claim a class, one sentence each."""

from typing import Any

import pandas as pd

from expectations.claim import ROWS, Claim, ClaimOfEach, is_accepted

# The words are those of reseal.verify.Verdict, which this room does not import.
UNCOMPARED = ("opens", "opens, and its backup does not")
OPENED = (
    "equal to the backup",
    "enrolled since the backup",
    "differs from the backup",
    *UNCOMPARED,
)
PARSED = (*OPENED, "will not open", "unknown key version")


class ExpectCompleteFacts(Claim):
    """No cell is missing, so that no other claim is decided by what is not there."""

    sentence = "Every fact is complete, and if it is one of rows, there is one."

    def about(self, facts: pd.DataFrame) -> pd.DataFrame:
        """Return all facts, whatever they are of."""
        return facts

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look for facts that lack a cell, and for facts of no rows."""
        least = (facts["measure"] == ROWS).astype(int)
        return not (facts.isna().any(axis=1) | ~(facts["count"] >= least)).any()


class ExpectCensusOfTable(Claim):
    """Nearly every other claim is true of an empty census, so emptiness is looked at first."""

    sentence = "The census is not empty, and neither is the table."
    is_empty: bool

    def __init__(self, **fields: Any) -> None:
        if fields.get("is_empty"):
            fields.setdefault("description", "The table is empty.")
        super().__init__(**fields)

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look for facts of rows."""
        return self.is_empty or not facts.empty


class ExpectFactsToAddUp(Claim):
    """No row was overlooked; a fact about nothing proves nothing."""

    sentence = (
        "The facts add up to the table's {rows} rows, give or take {drift} written meanwhile."
    )
    rows: int
    drift: int

    def holds(self, facts: pd.DataFrame) -> bool:
        """Compare the facts' rows with the table's."""
        return abs(facts["count"].sum() - self.rows) <= self.drift


class ExpectNoPlaintext(ClaimOfEach):
    """The purpose of it all."""

    sentence = "No plaintext is left."

    def broken(self, facts: pd.DataFrame) -> "pd.Series[bool]":
        """Mark plaintext."""
        return facts["shape"] == "plain"


class ExpectOnlyQuarantinedStrangers(Claim):
    """What is neither empty, plain nor sealed was seen, and set aside by key."""

    sentence = (
        "Foreign and unrecognised values are at most the {quarantined} quarantined rows and the "
        "{accepted} that were accepted as they are."
    )
    quarantined: int
    accepted: int

    def holds(self, facts: pd.DataFrame) -> bool:
        """Count whatever is not one of the three shapes that need no explanation."""
        strangers = ~facts["shape"].isin(["empty", "plain", "sealed"]) & ~is_accepted(facts)
        return facts["count"][strangers].sum() <= self.quarantined


class ExpectWellFormedEnvelopes(ClaimOfEach):
    """A sealed value is sealed by what it says, not by how it begins."""

    sentence = "Every sealed value is a well-formed envelope."

    def broken(self, facts: pd.DataFrame) -> "pd.Series[bool]":
        """Mark what begins like an envelope and was not parsed as one."""
        return (facts["shape"] == "sealed") & ~facts["verdict"].isin(PARSED)


class ExpectTwelveByteIvs(ClaimOfEach):
    """AES-GCM's own length: any other one is hashed first."""

    sentence = "Every envelope has an initialisation vector of 12 bytes."

    def broken(self, facts: pd.DataFrame) -> "pd.Series[bool]":
        """Mark envelopes with another length."""
        return _parsed(facts) & (facts["iv_bytes"] != 12)


class ExpectSixteenByteTags(ClaimOfEach):
    """A shorter tag is a weaker one."""

    sentence = "Every envelope has an authentication tag of 16 bytes."

    def broken(self, facts: pd.DataFrame) -> "pd.Series[bool]":
        """Mark envelopes with another length."""
        return _parsed(facts) & (facts["tag_bytes"] != 16)


class ExpectKnownKeyVersions(ClaimOfEach):
    """After a rotation, the versions that may still stand are the new one alone."""

    sentence = "Every envelope names a key version that is meant to be there: {key_versions}."
    key_versions: list[int]

    def broken(self, facts: pd.DataFrame) -> "pd.Series[bool]":
        """Mark envelopes under any other key version; 0 stands for none that can be read."""
        return (facts["shape"] == "sealed") & ~facts["key_version"].isin([0, *self.key_versions])


class ExpectOpeningEnvelopes(ClaimOfEach):
    """Authenticity, integrity and place at once."""

    sentence = "Every envelope opens under the key that it names."

    def broken(self, facts: pd.DataFrame) -> "pd.Series[bool]":
        """Mark envelopes that do not open, or whose key is not there."""
        return _parsed(facts) & ~facts["verdict"].isin(OPENED)


class ExpectSecretsEqualToBackup(ClaimOfEach):
    """Nobody's authenticator stops working."""

    sentence = "Every opened secret equals its backup, unless it was enrolled since."

    def broken(self, facts: pd.DataFrame) -> "pd.Series[bool]":
        """Mark secrets that differ, and those that were never compared."""
        return facts["verdict"].isin(["differs from the backup", *UNCOMPARED])


class ExpectSomethingSealed(Claim):
    """A run that changed nothing has not succeeded."""

    sentence = "Something is sealed, as the backup holds {backed_up} rows."
    backed_up: int

    def holds(self, facts: pd.DataFrame) -> bool:
        """Look for one sealed row."""
        return bool((facts["shape"] == "sealed").any())


def _parsed(facts: pd.DataFrame) -> "pd.Series[bool]":
    return (facts["shape"] == "sealed") & facts["verdict"].isin(PARSED)
