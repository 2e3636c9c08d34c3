"""Is it safe to disable or destroy a key: every gate with its evidence, and what opens it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from reseal import key_census
from reseal.config import Config
from reseal.keyring import KeyState
from reseal.store import key_use, reader
from reseal.store.store import Store

NEVER = datetime.min.replace(tzinfo=UTC)

NOW = "SELECT clock_timestamp(), retired, disabled FROM {reseal}.data_key WHERE version = %s"

# Originals of a run that sealed under the key: a rollback of it recognises its own values by
# opening them, and a document in it may hold envelopes of the application's own.
BACKUPS = """
SELECT count(*), max(s.expires) FROM {reseal}.backup_set AS s
WHERE s.wrapped IS NOT NULL AND s.expires > clock_timestamp()
  AND EXISTS (SELECT FROM {reseal}.backup AS o WHERE o.run_id = s.run_id AND o.field = s.field)
  AND EXISTS (SELECT FROM {reseal}.batch AS b
              WHERE b.run_id = s.run_id AND b.field = s.field AND b.key_version = %s)
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which key is to become disabled or destroyed, and who approved that.

    `assumed` says that applications which do not report do not need the key either.
    """

    version: int
    then: KeyState
    approved_by: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition: whether it is met, what shows that, and what to do where it is not."""

    name: str
    is_open: bool
    evidence: str
    remedy: str

    def as_dict(self) -> dict[str, Any]:
        """Return the gate as commands print it and evidence keeps it."""
        verdict = "pass" if self.is_open else "fail"
        remedy = None if self.is_open else self.remedy
        return {"name": self.name, "verdict": verdict, "evidence": self.evidence, "remedy": remedy}


@dataclass(frozen=True, slots=True)
class Question:
    """What the gates are asked about: a wish, what was counted just now, and what is configured."""

    store: Store
    config: Config
    wish: Wish
    counted: dict[str, int]
    now: datetime
    retired: datetime | None
    disabled: datetime | None


def ask(store: Store, config: Config, wish: Wish, counted: dict[str, int]) -> list[Gate]:
    """Return every gate; `counted` holds by field the rows that are under the key now."""
    question = Question(store, config, wish, counted, *store.need(NOW, [wish.version]))
    gates = [*_GATES, _rested] if wish.then is KeyState.DESTROYED else _GATES
    return [gate(question) for gate in gates]


def _described(question: Question) -> Gate:
    known = key_census.fields_under(question.store, question.wish.version)
    described = [field.name for field in question.config.fields]
    missing = sorted({*known, *described} - question.counted.keys())
    evidence = f"not counted: {', '.join(missing)}" if missing else "all are counted"
    remedy = "describe these fields in reseal.toml as they are, so that their rows are counted"
    return Gate("fields that were under it", not missing, evidence, remedy)


def _last_census(question: Question) -> Gate:
    before = key_census.latest(question.store, question.wish.version)
    # What was counted while it could still seal says nothing of what it sealed after that.
    since = question.retired or NEVER
    found = {
        name: before[name]
        for name in question.counted
        if name in before and before[name].taken > since
    }
    uncounted = question.counted.keys() - found.keys()
    rows = sum(count.rows for count in found.values())
    when = min((count.taken for count in found.values()), default=None)
    evidence = f"{rows} rows, counted {_day(when)}" if when else "none since it retired"
    if uncounted and when:
        evidence += f"; never counted: {', '.join(sorted(uncounted))}"
    remedy = "run `reseal rotate`, or ask again: what is counted now is recorded"
    is_open = bool(found) and not uncounted and rows == 0
    return Gate("last census", is_open, evidence, remedy)


def _census_now(question: Question) -> Gate:
    left = {name: rows for name, rows in question.counted.items() if rows}
    named = ", ".join(f"{rows} rows of {name}" for name, rows in left.items())
    evidence = named or f"0 rows in {len(question.counted)} fields"
    return Gate("census now", not left, evidence, "run `reseal rotate` and mend what it sets aside")


def _sealing(question: Question) -> Gate:
    names = reader.sealing_under(question.store, question.wish.version)
    evidence = f"sealing under it: {', '.join(names[:10])}" if names else "none seals under it"
    return Gate(
        "live applications", not names, evidence, "let them refresh their keys, or end them"
    )


def _reads(question: Question) -> Gate:
    days = question.config.keys.read_window_days
    live, _ = reader.count_live(question.store)
    opened = key_use.opened(question.store, question.wish.version)
    since = max((when for when in (opened.last, question.retired) if when), default=question.now)
    last = (
        f"last opened {_day(opened.last)} by {opened.by}" if opened.last else "never told to open"
    )
    evidence = f"{last}, retired {_day(question.retired)}, {live} applications report"
    is_heard = live > 0 or question.wish.assumed
    if not live and question.wish.assumed:
        evidence += "; assumed not to need it"
    is_quiet = question.now - since >= timedelta(days=days)
    quiet_on = f"wait until {_day(since + timedelta(days=days))}, {days} days without an open"
    report = "let an application report with vault.heartbeat(), or pass --assume-readers-ready"
    return Gate("reads", is_heard and is_quiet, evidence, report if is_quiet else quiet_on)


def _backups(question: Question) -> Gate:
    kept, until = question.store.need(BACKUPS, [question.wish.version])
    evidence = f"{kept} of runs that sealed under it" + (
        f", kept until {_day(until)}" if kept else ""
    )
    return Gate(
        "backups", not kept, evidence, f"wait until {_day(until)}, when the last one expires"
    )


def _base_backups(question: Question) -> Gate:
    name, days = "base backups", question.config.keys.base_backups_kept_days
    if days is None:
        remedy = "declare base_backups_kept_days in [keys] of reseal.toml, 0 where none are taken"
        return Gate(name, False, "how long they are kept is not declared", remedy)
    since = [
        key_census.free_since(question.store, field, question.wish.version)
        for field in question.counted
    ]
    known = [when for when in since if when]
    if not known or len(known) < len(since):
        return Gate(name, False, "no census without the key is recorded", "ask again after one is")
    until = max(known) + timedelta(days=days)
    evidence = f"rows were last under it before {_day(max(known))}, kept for {days} days"
    return Gate(name, question.now >= until, evidence, f"wait until {_day(until)}")


def _approval(question: Question) -> Gate:
    name = question.wish.approved_by.strip()
    remedy = "pass --approved-by with the name of the person who approved it"
    return Gate("approval", bool(name), f"by {name}" if name else "by nobody", remedy)


def _rested(question: Question) -> Gate:
    days = question.config.keys.disabled_days
    since = question.disabled or question.now
    until = since + timedelta(days=days)
    evidence = f"disabled {_day(question.disabled)}, {days} days are asked for"
    return Gate("time disabled", question.now >= until, evidence, f"wait until {_day(until)}")


def _day(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC" if when else "never"


_GATES: list[Callable[[Question], Gate]] = [
    _described, _last_census, _census_now, _sealing, _reads, _backups, _base_backups, _approval,
]  # fmt: skip
