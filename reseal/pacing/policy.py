"""When a run may work, until when it is to be done, and its limits: [pace] of reseal.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from math import isfinite
from typing import Any

from reseal.errors import ConfigurationError
from reseal.pacing.signal import Signal
from reseal.pacing.window import Window, zone_of
from reseal.wording import need_whole, need_word

_WORDS = (
    "only_between", "timezone", "done_by", "rest", "server_cores", "patience_seconds",
    "blind_seconds", "limits",
)  # fmt: skip
_NUMBERS = ("server_cores", "patience_seconds", "blind_seconds")
_MOST = 1_000_000
_MOST_REST = 1000


@dataclass(frozen=True, slots=True)
class PacePolicy:
    """What the operator says of the pace.

    `done_by` only makes a run tell that it will not be; no limit gives way to it. `limits` are by
    signal, and `rest` how many seconds of rest follow a second of work, in place of the mode's.
    `server_cores` is for a server elsewhere, which does not tell.
    """

    window: Window | None = None
    done_by: datetime | None = None
    limits: Mapping[Signal, float] = field(default_factory=dict)
    rest: float | None = None
    server_cores: int | None = None
    patience_seconds: int | None = None
    blind_seconds: int | None = None
    zone: tzinfo = UTC

    def with_date(self, said: str, where: str) -> "PacePolicy":
        """Take another date to be done by; raise ConfigurationError, which says `where`."""
        return replace(self, done_by=_date(said, self.zone, where))


def read_pace(said: Mapping[str, Any]) -> PacePolicy:
    """Read the table of reseal.toml; raise ConfigurationError where a word or value is wrong."""
    for word in said:
        need_word(word, _WORDS, "in [pace]")
    zone = zone_of(_text(said, "timezone") or "UTC")
    between = _text(said, "only_between")
    return PacePolicy(
        Window.parse(between, zone) if between is not None else None,
        _date(said.get("done_by"), zone, "done_by in [pace]"),
        _limits(said.get("limits", {})),
        _rest(said.get("rest")),
        zone=zone,
        **{word: _whole(said, word) for word in _NUMBERS},
    )


def _text(said: Mapping[str, Any], word: str) -> str | None:
    text = said.get(word)
    if text is not None and not isinstance(text, str):
        raise ConfigurationError(f"{word} in [pace] must be a string")
    return text


def _whole(said: Mapping[str, Any], word: str) -> int | None:
    number = said.get(word)
    if number is not None:
        need_whole(word, number, (1, _MOST), "in [pace]")
    return number


def _rest(said: Any) -> float | None:
    if said is None:
        return None
    if not _is_number(said) or not 0 <= said <= _MOST_REST:
        raise ConfigurationError(f"rest in [pace] must be a number from 0 to {_MOST_REST}")
    return float(said)


def _date(said: Any, zone: tzinfo, where: str) -> datetime | None:
    """Read a date and time; one without an offset is in the time zone of the table."""
    if said is None:
        return None
    try:
        date = said if isinstance(said, datetime) else datetime.fromisoformat(said)
        return (date if date.tzinfo else date.replace(tzinfo=zone)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ConfigurationError(
            f'{where} must be a date and time, such as "2026-12-24T05:00"'
        ) from None


def _limits(said: Any) -> dict[Signal, float]:
    if not isinstance(said, Mapping):
        raise ConfigurationError("limits in [pace] must be a table; write [pace.limits]")
    return {_signal(word): _limit(word, value) for word, value in said.items()}


def _signal(word: str) -> Signal:
    need_word(word, list(Signal), "in [pace.limits]")
    return Signal(word)


def _limit(word: str, value: Any) -> float:
    if not _is_number(value) or not 0 < value <= 1e12:
        raise ConfigurationError(f"{word} in [pace.limits] must be a number above 0")
    return float(value)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and isfinite(value)
