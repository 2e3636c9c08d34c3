"""What is known of an application's pools: tiers, sessions, samples, forecast, what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reseal.pool.forecast import LEAST_DAYS, Peak, Trend, peaks, trend
from reseal.pool.room import limits_on
from reseal.pool.tier import MFA_BOOST, Limit, Tier
from reseal.store import sample
from reseal.store.store import Store

_PERIOD = timedelta(days=90)
# A tier that lasts for less is told of.
_SOON = timedelta(days=90)

# Of the sessions of other roles not every role is told what they do.
SESSIONS = """
SELECT coalesce(nullif(application_name, ''), 'without a name'), count(*),
       count(*) FILTER (WHERE state = 'active'),
       count(*) FILTER (WHERE state = 'idle'),
       count(*) FILTER (WHERE state LIKE 'idle in transaction%%'),
       count(*) FILTER (WHERE state IS NULL)
FROM pg_stat_activity
WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
  AND pid <> pg_backend_pid()
GROUP BY 1 ORDER BY 2 DESC, 1
"""

LATEST = """
SELECT DISTINCT ON (source, name) source, name, value, at
FROM {reseal}.sample
WHERE name LIKE 'pool.%%' AND at > clock_timestamp() - %s
ORDER BY source, name, at DESC
"""

_SESSION_WORDS = ("application", "sessions", "active", "idle", "idle_in_transaction", "not_told")


@dataclass(frozen=True, slots=True)
class Instance:
    """What one instance's pool said last, and where it goes."""

    source: str
    said: dict[str, float]
    at: datetime
    days: int
    trend: Trend | None

    @property
    def most(self) -> float:
        """How many connections it may have."""
        return self.said.get("most", float(Tier.PRODUCTION.most + MFA_BOOST))

    def as_dict(self, limits: list[Limit]) -> dict[str, Any]:
        """Return it as the command line prints it."""
        return {
            "source": self.source,
            "at": self.at,
            **self.said,
            "forecast": self.trend.as_dict(self.most) if self.trend else None,
            "recommendation": self.recommendation(limits),
        }

    def recommendation(self, limits: list[Limit]) -> str:
        """Say in a sentence or two what to do."""
        if self.said.get("used", 0.0) >= self.most:
            return f"all {self.most:g} connections were in use; {_next(self.most, limits)}"
        if self.trend is None:
            return (
                f"no forecast: there are samples of {self.days} whole days, and it takes "
                f"{LEAST_DAYS}"
            )
        outgrown = self.trend.reaches(self.most, self.trend.each_day)
        if outgrown is None:
            return "stay in this tier: on this trend it lasts for two years"
        said = f"on this trend all {self.most:g} connections are in use on {outgrown:%Y-%m-%d}"
        if outgrown - self.trend.at > _SOON:
            return f"stay in this tier: {said}"
        return f"{said}; {_next(self.most, limits)}"


def report(store: Store) -> dict[str, Any]:
    """Return all of it as the command line prints it."""
    limits = limits_on(store.connection)
    instances = _instances(store) if sample.exists(store) else []
    return {
        "tiers": [_tier(tier) for tier in Tier],
        "limits": [{**limit._asdict(), "free": limit.free} for limit in limits],
        "sessions": [
            dict(zip(_SESSION_WORDS, row, strict=True)) for row in store.execute(SESSIONS)
        ],
        "instances": [one.as_dict(limits) for one in instances],
    }


def _tier(tier: Tier) -> dict[str, Any]:
    return {
        "tier": tier.word,
        "least": tier.least,
        "most": tier.most + MFA_BOOST,
        "acquire_seconds": tier.acquire_seconds,
    }


def _instances(store: Store) -> list[Instance]:
    busiest = peaks(store, _PERIOD)
    said: dict[str, dict[str, float]] = {}
    told: dict[str, datetime] = {}
    for source, name, value, at in store.execute(LATEST, [_PERIOD]):
        said.setdefault(source, {})[name.removeprefix("pool.")] = value
        told[source] = max(at, told.get(source, at))
    return [
        _instance(source, said[source], told[source], busiest.get(source, [])) for source in said
    ]


def _instance(source: str, said: dict[str, float], at: datetime, days: list[Peak]) -> Instance:
    return Instance(source, said, at, len(days), trend(days))


def _next(most: float, limits: list[Limit]) -> str:
    larger = next((tier for tier in Tier if tier.most + MFA_BOOST > most), None)
    if larger is None:
        return "there is no larger tier: put a pooler in front of the server, or more instances"
    wanted = larger.most + MFA_BOOST
    tightest = min(limits, key=lambda limit: limit.allowed)
    said = f"move to the tier {larger.word}"
    if tightest.allowed < wanted:
        said += f", and first raise what {tightest.name} allows: {tightest.allowed} of {wanted}"
    return said
