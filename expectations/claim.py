"""What a claim is: one sentence about facts, as a Great Expectations class.

Facts are of two kinds, in one frame: so many rows of the table are like this, and a measure is so
much. Claims read the whole frame and not a column: Great Expectations' column expectations pass
over missing values, and a fact that lacks a cell must never pass.
"""

from abc import abstractmethod
from typing import Any, ClassVar

import pandas as pd
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

# What a fact about rows has in the place of a measure's name.
ROWS = "rows"


class Facts(TableMetricProvider):
    """The frame itself, which claims read as a metric."""

    metric_name = "reseal.facts"

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls, execution_engine: PandasExecutionEngine, metric_domain_kwargs: dict[str, Any], **_: Any
    ) -> pd.DataFrame:
        facts, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type="table")
        return facts


class Claim(BatchExpectation):
    """Something that holds of the facts, or does not; `sentence` says what, in words."""

    metric_dependencies = (Facts.metric_name,)
    sentence: ClassVar[str]

    def __init__(self, **fields: Any) -> None:
        fields.setdefault("description", self.said(fields))
        super().__init__(**fields)

    @classmethod
    def said(cls, fields: dict[str, Any]) -> str:
        """Return the sentence with the fields in it."""
        return cls.sentence.format_map(_Words(fields))

    @abstractmethod
    def holds(self, facts: pd.DataFrame) -> bool:
        """Tell whether the sentence is true of the facts that it is about."""

    def about(self, facts: pd.DataFrame) -> pd.DataFrame:
        """Return the facts that the claim is about: those of rows."""
        return facts[facts["measure"] == ROWS]

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        return {"success": bool(self.holds(self.about(metrics[Facts.metric_name])))}


class ClaimOfEach(Claim):
    """Something that no row may contradict, but those that were accepted as they are."""

    accepted: int = 0

    def __init__(self, **fields: Any) -> None:
        rows = fields.get("accepted", 0)
        if rows:
            but = f", leaving out {rows:,} rows that were accepted as they are."
            fields.setdefault("description", self.said(fields).removesuffix(".") + but)
        super().__init__(**fields)

    @abstractmethod
    def broken(self, facts: pd.DataFrame) -> "pd.Series[bool]":
        """Mark the facts that contradict the sentence."""

    def holds(self, facts: pd.DataFrame) -> bool:
        """Tell whether no fact contradicts the sentence."""
        return not (self.broken(facts) & ~is_accepted(facts)).any()


class ClaimOfMeasures(Claim):
    """Something that measures say."""

    def about(self, facts: pd.DataFrame) -> pd.DataFrame:
        """Return the facts that the claim is about: all but those of rows."""
        return facts[facts["measure"] != ROWS]


def measured(facts: pd.DataFrame, measure: str, of: str | None = None) -> float:
    """Return how much a measure is over all keys; what was not measured is no number.

    Whatever a claim compares it with, it does not hold.
    """
    chosen = facts["measure"] == measure
    if of is not None:
        chosen &= facts["of"] == of
    counts = facts["count"][chosen]
    return float(counts.sum()) if len(counts) else float("nan")


def is_accepted(facts: pd.DataFrame) -> "pd.Series[bool]":
    """Mark facts about rows that were accepted as they are; a missing cell accepts nothing."""
    return facts["accepted"].eq(True)


class _Words(dict[str, Any]):
    """The fields of a claim as its sentence spells them: 1,200 and "1, 2"."""

    def __getitem__(self, name: str) -> str:
        value = super().__getitem__(name)
        return f"{value:,}" if isinstance(value, int) else ", ".join(map(str, value))
