"""Frames of facts and suites for the tests of this room."""

import pandas as pd

from expectations.check import COLUMNS, CheckResult
from expectations.suites import (
    Counted,
    Suite,
    after_rotate,
    after_seal,
    before_reseal,
    before_retire,
    before_seal,
    nightly,
)

FIELD = "users.mfa_secret"
EMPTY = ("empty", "no envelope", 0, 0, 0, 70)
EQUAL = ("sealed", "equal to the backup", 1, 12, 16, 25)
NEWER = ("sealed", "enrolled since the backup", 2, 12, 16, 3)
STRANGE = ("unrecognised", "no envelope", 0, 0, 0, 2)
GOOD = (EMPTY, EQUAL, NEWER, STRANGE)
WAITING = (("plain", "no envelope", 0, 0, 0, 25), ("sealed", "not opened", 1, 0, 0, 3))

# By what is measured, of what, and under which key.
MEASURES = {
    ("initialisation vectors", "opened", 1): 25,
    ("initialisation vectors", "repeated", 1): 0,
    # More than rows, as documents can hold several.
    ("initialisation vectors", "opened", 2): 9,
    ("initialisation vectors", "repeated", 2): 0,
    ("probes", "a shortened tag is noticed", 0): 1,
    ("codes", "compared", 0): 25,
    ("codes", "differing", 0): 0,
    ("codes", "without", 0): 0,
    ("originals", "met", 0): 25,
    ("originals", "gone", 0): 1,
    ("originals", "emptied", 0): 1,
    ("backup", "kept", 0): 25,
    ("backup", "restored", 0): 25,
    ("quarantine", "set aside", 0): 0,
    ("guard", "raised", 0): 1,
    ("guard", "holds", 0): 1,
    ("shield", "stands", 0): 1,
    ("shield", "left out for a reason", 0): 0,
    ("state", "retiring", 1): 1,
    ("state", "known to others", 1): 0,
    ("state", "active", 2): 1,
    ("state", "known to others", 2): 0,
    ("seals", "in all", 1): 25,
    ("seals", "in all", 2): 2**31,
    ("period", "expired", 2): 0,
    ("readers", "do not open", 2): 0,
}


def frame(*facts, measures=MEASURES):
    """Facts as frames have them, none of a row that was accepted unless it says so."""
    rows = [
        (FIELD, "rows", "", version, count, shape, verdict, iv, tag, *(accepted or [False]), False)
        for shape, verdict, version, iv, tag, *accepted, count in facts
    ]
    rows += [
        (FIELD, measure, of, version, count, "", "", 0, 0, False, False)
        for (measure, of, version), count in measures.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def sealed_suite(rows=100, backed_up=27, drift=0) -> Suite:
    return after_seal(Counted(rows, 2, drift=drift), [1, 2], backed_up)


def verify_suite(rows=100) -> Suite:
    return nightly(Counted(rows, 2), [1, 2])


def rotate_suite(key_version: int, rows=100) -> Suite:
    return after_rotate(Counted(rows, 2), key_version)


def waiting_suite(is_empty=False) -> Suite:
    return before_seal([1], is_empty=is_empty, with_backup=True)


def resealing_suite(rows=0, is_urgent=False) -> Suite:
    return before_reseal([1, 2], 2, rows, is_empty=False, is_urgent=is_urgent)


def retire_suite() -> Suite:
    return before_retire([1], active=2)


def untrue(suite: Suite, facts: pd.DataFrame) -> set[str]:
    """The claims of a suite that are not true of a frame, without Great Expectations' own work."""
    return {type(claim).__name__ for claim in suite.claims if not claim.holds(claim.about(facts))}


def failed(suite: Suite, result: CheckResult) -> set[str]:
    """The claims of a suite that do not hold, by the name of their class."""
    pairs = zip(suite.claims, result.statements, strict=True)
    return {type(claim).__name__ for claim, statement in pairs if not statement.success}
