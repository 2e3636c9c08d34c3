"""Numbers, sizes and times as the page spells them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reseal.report.facts import moment

# What stands where nothing is known.
NONE = "\N{EN DASH}"

_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")


def count(number: int) -> str:
    """Spell a whole number with thousands separators."""
    return f"{number:,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Spell a number of things: `1 row`, `1,200 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: float) -> str:
    """Spell a number of bytes."""
    for unit in _SIZES:
        if number < 1024 or unit == _SIZES[-1]:
            break
        number /= 1024
    return f"{number:,.0f} {unit}" if unit == "B" or number >= 100 else f"{number:,.1f} {unit}"


def duration(seconds: float) -> str:
    """Spell a duration: `0.4 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02d} min"


def milliseconds(number: float) -> str:
    """Spell milliseconds, with three digits that say something."""
    if number >= 100:
        return f"{number:,.0f} ms"
    return f"{number:.1f} ms" if number >= 10 else f"{number:.3f} ms"


def day(at: datetime) -> str:
    """Spell a day: `28 November 2026`."""
    return f"{at.day} {at:%B %Y}"


def time(given: Any) -> str:
    """Spell a moment in UTC to the second; a dash where there is none."""
    if not given:
        return NONE
    at = moment(given)
    return f"{day(at)}, {at:%H:%M:%S} UTC"


def date(given: Any) -> str:
    """Spell the day of a moment in UTC; a dash where there is none."""
    return day(moment(given)) if given else NONE


def listed(names: Sequence[str]) -> str:
    """Join names as a sentence does: `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def told(given: Any) -> str:
    """Spell whatever a stage wrote down."""
    if given is None or given == []:
        return NONE
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, int):
        return count(given)
    if isinstance(given, dict):
        known = {name: value for name, value in given.items() if value is not None}
        return "; ".join(f"{label(name)}: {told(value)}" for name, value in known.items())
    return ", ".join(map(told, given)) if isinstance(given, list | tuple) else str(given)


def label(name: str) -> str:
    """Spell a name out of the manifest as a label."""
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]
