"""Census frames and suites for the tests of this room."""

import pandas as pd

from expectations.check import COLUMNS, CheckResult
from expectations.suites import Aside, Suite, after_rotate, after_seal, after_verify

FIELD = "users.mfa_secret"
EMPTY = ("empty", "no envelope", 0, 0, 0, 70)
EQUAL = ("sealed", "equal to the backup", 1, 12, 16, 25)
NEWER = ("sealed", "enrolled since the backup", 2, 12, 16, 3)
STRANGE = ("unrecognised", "no envelope", 0, 0, 0, 2)
GOOD = (EMPTY, EQUAL, NEWER, STRANGE)


def frame(*facts):
    """Facts as census frames have them, none of a row that was accepted unless it says so."""
    rows = [
        (FIELD, *fact[:5], *(fact[5:] if len(fact) > 6 else (False, *fact[5:]))) for fact in facts
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def sealed_suite(rows=100, backed_up=27, drift=0) -> Suite:
    return after_seal(rows, [1, 2], Aside(2), backed_up=backed_up, drift=drift)


def verify_suite(rows=100) -> Suite:
    return after_verify(rows, [1, 2], Aside(2))


def rotate_suite(key_version: int, rows=100) -> Suite:
    return after_rotate(rows, key_version, Aside(2))


def failed(suite: Suite, result: CheckResult) -> set[str]:
    """The claims of a suite that do not hold, by the name of their class."""
    pairs = zip(suite.claims, result.statements, strict=True)
    return {type(claim).__name__ for claim, statement in pairs if not statement.success}
