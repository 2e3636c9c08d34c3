"""What each mode lets through: one table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reseal.modes import Mode
from reseal.pacing.policy import PacePolicy
from reseal.pacing.signal import Signal

_MODES = (Mode.SAFE, Mode.STANDARD, Mode.AGGRESSIVE)

# At a limit a run pauses. A sweep alone makes as many dead rows as there are live ones, and so does
# its rollback. No server tells how fast a log its disk or network takes, so that only reseal.toml
# can limit that.
_LIMITS = {
    Signal.LOGIN:    (5.0, 10.0, 50.0),  # at least; see _LOGIN_TIMES
    Signal.BLOCKED:  (0.25, 0.5, 2.0),
    Signal.QUEUED:   (1.0, 2.0, 10.0),
    Signal.ACTIVE:   (1.0, 2.0, 4.0),
    Signal.POOL:     (50.0, 200.0, 1000.0),
    Signal.LAG:      (2.0, 5.0, 30.0),
    Signal.ARCHIVE:  (16.0, 42.0, 200.0),
    Signal.RETAINED: (1024.0, 4096.0, 16384.0),
    Signal.WAL:      (4096.0, 16384.0, 65536.0),
    Signal.DEAD:     (2.5, 4.0, 8.0),
    Signal.SNAPSHOT: (900.0, 3600.0, 14400.0),
}  # fmt: skip

# A login may take so many times what it took before the first write.
_LOGIN_TIMES = (2.0, 3.0, 10.0)
# So long a pause may last, and nothing be known of the server, before the run stops.
_PATIENCE_SECONDS = (3600.0, 1800.0, 600.0)
_BLIND_SECONDS = (30.0, 60.0, 120.0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a run may go: limits, and how long it may pause or not know.

    What was told `stale_seconds` ago is not known any more.
    """

    limits: Mapping[Signal, float]
    login_times: float = 3.0
    patience_seconds: float = 1800.0
    blind_seconds: float = 60.0
    stale_seconds: float = 5.0

    def with_login(self, usual_ms: float | None, said: Mapping[Signal, float]) -> "Bounds":
        """Limit a login by what it usually takes, unless somebody said by how much."""
        if usual_ms is None or Signal.LOGIN in said:
            return self
        most = max(self.limits[Signal.LOGIN], self.login_times * usual_ms)
        return self.within({Signal.LOGIN: most})

    def within(self, limits: Mapping[Signal, float]) -> "Bounds":
        """Take other limits for some signals."""
        return replace(self, limits={**self.limits, **limits})


def bounds(mode: Mode, policy: PacePolicy) -> Bounds:
    """Return the bounds of a mode; what reseal.toml says comes first."""
    column = _MODES.index(mode) if mode in _MODES else _MODES.index(Mode.STANDARD)
    own = {signal: row[column] for signal, row in _LIMITS.items()}
    return Bounds(
        {**own, **policy.limits},
        _LOGIN_TIMES[column],
        _or(policy.patience_seconds, _PATIENCE_SECONDS[column]),
        _or(policy.blind_seconds, _BLIND_SECONDS[column]),
    )


def _or(said: int | None, own: float) -> float:
    return own if said is None else float(said)
