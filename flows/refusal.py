"""How a preflight that refuses is told: the first check that does, and its remedy."""

from reseal.errors import Refused
from reseal.preflight import Report


def refused_by(report: Report) -> Refused:
    """Return what a preflight is refused with that has at least one check against it."""
    first = report.refused[0]
    return Refused(f"preflight refused: {first.name}: {first.value}; {first.remedy}")
