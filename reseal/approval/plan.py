"""What a run is about to do, as a person is shown it before she lets it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from reseal.approval.estimate import Estimate, estimate
from reseal.census import Census
from reseal.modes import Mode
from reseal.preflight.check import Check, Report, Verdict
from reseal.preflight.growth import Growth
from reseal.store import reader, schema
from reseal.store.key_inventory import inventory
from reseal.store.store import Store

NO_READERS = "no application has reported, so that nobody knows whether they open envelopes"
AT_FULL_SPEED = "mode aggressive takes all cores and does not rest, which the application will feel"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, on which account and host, from when until when."""

    run_id: UUID
    by: str
    os_user: str
    host: str
    asked: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """What a run was told to do: the flow, its mode, the keys in words, what the operator chose.

    `settled` are the key versions whose rows stay as they are, None means all: an encryption
    leaves what is sealed, a rotation to a new key nothing. `left_out` are fields that preflight
    refused, `choices` what of the flags is a risk, in words.
    """

    flow: str
    mode: Mode
    keys: str
    settled: frozenset[int] | None = None
    left_out: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field in rows: to be written, to be set aside or left as they are unless that changes,
    already as wished, without a secret."""

    rows: int
    to_write: int
    set_aside: int
    settled: int
    empty: int

    @classmethod
    def of(cls, census: Census, under: frozenset[int] | None) -> "FieldPlan":
        """Plan a field by its census; foreign and unrecognised values are never written over."""
        settled = sum(
            rows for version, rows in census.sealed.items() if under is None or version in under
        )
        return cls(
            rows=census.rows,
            to_write=census.plain + census.all_sealed - settled,
            set_aside=census.foreign + census.unrecognised,
            settled=settled,
            empty=census.empty,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a person sees before she answers; counts, sizes and words, never a value."""

    asking: Asking
    intent: Intent
    database: str
    server: str
    fields: dict[str, FieldPlan]
    estimate: Estimate
    growth: Growth
    disk: str
    keys: tuple[dict[str, Any], ...]
    risks: tuple[str, ...]

    @property
    def to_write(self) -> int:
        """Rows to be written, over all fields."""
        return sum(part.to_write for part in self.fields.values())

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as the evidence keeps it."""
        asking, grows = self.asking, self.growth
        return {
            "run_id": str(asking.run_id),
            "flow": self.intent.flow,
            "mode": self.intent.mode.value,
            "asked_by": asking.by,
            "asked_os_user": asking.os_user,
            "asked_on": asking.host,
            "asked": asking.asked.isoformat(),
            "until": asking.until.isoformat(),
            "database": self.database,
            "server": self.server,
            "fields": {name: asdict(part) for name, part in self.fields.items()},
            "estimate": {
                "seconds": round(self.estimate.seconds, 1),
                "rows_a_second": round(self.estimate.rows_a_second),
                "source": self.estimate.source,
            },
            "bytes": {"table": grows.table, "wal": grows.log, "backup": grows.backup},
            "disk": self.disk,
            "keys": list(self.keys),
            "key_change": self.intent.keys,
            "risks": list(self.risks),
        }


def draw_up(store: Store, report: Report, names: list[str], intent: Intent, asking: Asking) -> Plan:
    """Make the plan of a run for these fields from what preflight has found."""
    fields = {
        name: FieldPlan.of(report.fields[name], intent.settled)
        for name in names
        if name in report.fields
    }
    rows = sum(part.to_write for part in fields.values())
    info = store.connection.info
    return Plan(
        asking=asking,
        intent=intent,
        database=info.dbname,
        server=info.host or "the local socket",
        fields=fields,
        estimate=estimate(store, intent.flow, intent.mode, rows),
        growth=sum((report.growth[name] for name in fields), Growth(0, 0, 0)),
        disk=_disk(report),
        keys=tuple(_keys(store)),
        risks=(*_own_risks(store, intent), *_warnings(report)),
    )


def _disk(report: Report) -> str:
    return next((check.value for check in report.checks if check.name == "server: disk"), "")


def _keys(store: Store) -> list[dict[str, Any]]:
    found = inventory(store) if schema.exists(store) else []
    return [{"version": key["version"], "state": key["state"]} for key in found]


def _own_risks(store: Store, intent: Intent) -> list[str]:
    risks = [f"{name} is left out: preflight refused it" for name in intent.left_out]
    risks += intent.choices
    if intent.mode is Mode.AGGRESSIVE:
        risks.append(AT_FULL_SPEED)
    if not schema.exists(store) or not reader.count_live(store)[0]:
        risks.append(NO_READERS)
    return risks


def _warnings(report: Report) -> list[str]:
    unsure = [check for check in report.checks if check.verdict in (Verdict.WARN, Verdict.UNKNOWN)]
    return [_said(check) for check in unsure]


def _said(check: Check) -> str:
    of = f" of {check.field}" if check.field else ""
    return f"{check.name}{of}: {check.value}; {check.remedy}"
