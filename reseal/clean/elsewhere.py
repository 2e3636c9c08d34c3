"""What no statement cleans: copies that others keep, and the day from which they hold no plaintext.

Whatever was taken before a run was over can hold what it sealed, and is free of it once nothing of
that age is kept any more.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from reseal.clean.policy import CleanPolicy
from reseal.key_policy import KeyPolicy
from reseal.store.store import Store

SERVER = """
SELECT current_setting('archive_mode') <> 'off',
       (SELECT count(*) FROM pg_stat_replication),
       (SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'logical'),
       (SELECT count(*) FROM pg_replication_slots WHERE NOT active)
"""

_PERIOD = "say {word} in [{table}] of reseal.toml, so that the day is known"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What can hold old plaintext, what to do, and until when; None where nobody has said it."""

    what: str
    remedy: str
    until: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        return asdict(self) | {"until": self.until.isoformat() if self.until else None}

    @property
    def sentence(self) -> str:
        """What it is, until when, and what to do."""
        until = f"until {self.until}" if self.until else "for an unknown time"
        return f"{self.what} can hold old plaintext {until}: {self.remedy}"


def elsewhere(
    store: Store, policy: CleanPolicy, keys: KeyPolicy, cleaned: datetime
) -> list[Elsewhere]:
    """Return what is kept outside of the database's own files, as of the end of a cleaning."""
    archives, replicas, subscribers, idle = store.need(SERVER)
    return [
        *_kept(policy, keys, cleaned.date(), archives=bool(archives)),
        *_followers(replicas, subscribers, idle),
    ]


def _kept(
    policy: CleanPolicy, keys: KeyPolicy, cleaned: date, *, archives: bool
) -> Iterator[Elsewhere]:
    base_backups = keys.base_backups_kept_days
    periods = [
        ("base backups and snapshots of the database", "base_backups_kept_days", base_backups),
        ("dumps of the database", "dumps_kept_days", policy.dumps_kept_days),
        ("the server's logs, where statements are logged", "logs_kept_days", policy.logs_kept_days),
    ]
    if archives:
        archive = "the archive of the write-ahead log"
        periods.append((archive, "archives_kept_days", policy.archives_kept_days))
    for what, word, days in periods:
        if days is None:
            table = "keys" if word == "base_backups_kept_days" else "clean"
            yield Elsewhere(what, _PERIOD.format(word=word, table=table))
        elif days > 0:
            # Of the last day, too, something may have been taken before the cleaning.
            yield Elsewhere(what, "delete what is older", cleaned + timedelta(days=days + 1))


def _followers(replicas: int, subscribers: int, idle: int) -> Iterator[Elsewhere]:
    if replicas:
        what = f"the files of {replicas} replicas"
        yield Elsewhere(what, "they follow page by page; run `reseal residue` against each")
    if subscribers:
        what = f"the subscribers of {subscribers} logical slots"
        yield Elsewhere(what, "their tables are their own; seal and clean them there")
    if idle:
        what = f"write-ahead log that {idle} inactive replication slots keep"
        yield Elsewhere(what, "drop the slots that nobody needs")


def still_due(noted: list[dict[str, Any]], today: date) -> list[Elsewhere]:
    """Return of what a run has noted that which is not over yet, the earliest first."""
    due = [Elsewhere(one["what"], one["remedy"], _day(one["until"])) for one in noted]
    left = [one for one in due if one.until is None or one.until > today]
    return sorted(left, key=lambda one: (one.until is None, one.until or today))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
