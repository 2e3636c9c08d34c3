"""The census frame: one row for each distinct fact, with its count and no secret column."""

import pandas as pd

from expectations.check import COLUMNS
from reseal.judge import Facts


def facts_frame(field: str, facts: Facts) -> pd.DataFrame:
    """Return the facts of a field as Great Expectations looks at them."""
    rows = [
        {
            "field": field,
            "shape": fact.shape.value,
            "verdict": fact.verdict.value,
            "key_version": fact.key_version,
            "iv_bytes": fact.iv_bytes,
            "tag_bytes": fact.tag_bytes,
            "accepted": fact.accepted,
            "rows": count,
        }
        for fact, count in sorted(facts.items())
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
