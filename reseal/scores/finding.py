"""What is found of a term: a measure and the share of the points that it is worth, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be measured, and why."""

    why: str


NO_KEY = Unknown("there is no data key that seals yet")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was measured, as a person reads it, and the share of the points that it is worth.

    `measured` is the part of the term that could be measured at all; `share` never exceeds it.
    """

    value: str
    share: float
    sentence: str
    measured: float = 1.0


def of_part(found: Finding, known: int, missing: list[str]) -> Finding:
    """Return what was found of `known` things as a part of all; the missing ones score nothing."""
    if not missing:
        return found
    part = known / (known + len(missing))
    return replace(
        found,
        share=found.share * part,
        measured=found.measured * part,
        sentence=f"{found.sentence} Not measured: {'; '.join(missing)}.",
    )


def mean(parts: Mapping[str, Finding | Unknown]) -> Finding | Unknown:
    """Return the mean of what was found of several things; what is unknown scores nothing."""
    known = {name: part for name, part in parts.items() if isinstance(part, Finding)}
    missing = {name: part.why for name, part in parts.items() if isinstance(part, Unknown)}
    if not known:
        return Unknown(together(missing))
    found = Finding(
        together({name: part.value for name, part in known.items()}),
        sum(part.share for part in known.values()) / len(known),
        together({name: part.sentence for name, part in known.items()}, " "),
        sum(part.measured for part in known.values()) / len(known),
    )
    return of_part(found, len(known), [f"{name}: {why}" for name, why in missing.items()])


def together(said: Mapping[str, str], between: str = "; ") -> str:
    """Say the same once where it is said of all, and else of each by its name."""
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return between.join(f"{name}: {text}" for name, text in said.items())


def falling(measure: float, full: float, none: float) -> float:
    """Return the share of a measure that is best when small: all of it up to `full`, then less."""
    return max(0.0, min(1.0, (none - measure) / (none - full)))


def percent(share: float) -> str:
    """Spell a share; what is not all is never spelled as all."""
    return f"{floor(share * 1000 + 1e-9) / 10:g} %"
