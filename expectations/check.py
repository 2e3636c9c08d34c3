"""Check a suite on a frame of facts, and leave Data Docs and a result in JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.suites import Suite

if TYPE_CHECKING:
    import pandas as pd

# A fact of rows says what so many of them are; in one of a measure the columns from `shape` on
# say nothing.
COLUMNS = (
    "field", "measure", "of", "key_version", "count", "shape", "verdict", "iv_bytes", "tag_bytes",
    "accepted", "backed_up",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim in words, and whether it holds."""

    sentence: str
    success: bool


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a suite showed; `docs` is the first page of the Data Docs."""

    success: bool
    statements: tuple[Statement, ...]
    docs: Path

    @property
    def failed(self) -> list[str]:
        """The sentences that do not hold."""
        return [one.sentence for one in self.statements if not one.success]


def check(frame: "pd.DataFrame", suite: Suite, directory: Path, run_name: str) -> CheckResult:
    """Check a suite; write `directory/data_docs` and `directory/expectations.json` anew."""
    # Great Expectations takes seconds to import, and tasks import this module.
    from expectations import checkpoint

    # A stray column never gets in, and a missing one becomes cells that are missing.
    facts = frame.reindex(columns=list(COLUMNS))
    passed = checkpoint.run(facts, suite, directory, run_name)
    # A claim without an outcome has failed.
    statements = tuple(
        Statement(claim.description, claim.description in passed) for claim in suite.claims
    )
    success = bool(statements) and all(statement.success for statement in statements)
    return CheckResult(success, statements, directory / "data_docs" / "index.html")
