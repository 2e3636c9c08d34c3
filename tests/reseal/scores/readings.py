"""Readings of a database in which nothing is left to wish for, to be made worse one by one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reseal.census import Census
from reseal.scores.finding import Unknown
from reseal.scores.reading import (
    Backups,
    FieldReading,
    KeyReading,
    Readers,
    Residue,
    SecurityReading,
    Slack,
    Standing,
    StorageReading,
    TableReading,
    Verified,
)
from reseal.scores.score import Score, Term
from reseal.store.quarantine import Counts

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAME = "users.mfa_secret"
WHY = Unknown("nobody may look")


def field(**worse: Any) -> FieldReading:
    """A field as it should be, but for what is said."""
    best = FieldReading(
        name=NAME,
        fault=None,
        census=Census(empty=10, sealed={2: 1000}),
        verified=Verified(0, NOW - timedelta(days=1)),
        standing=Standing.GUARD,
        quarantine=Counts(0, 0),
        residue=Residue(0, (), NOW - timedelta(days=2)),
    )
    return replace(best, **worse)


def key(**worse: Any) -> KeyReading:
    """A key in the midst of its period."""
    since = NOW - timedelta(days=100)
    best = KeyReading(2, since, since + timedelta(days=365), is_compromised=False, seals=1000)
    return replace(best, **worse)


def security_reading(*fields: FieldReading, **worse: Any) -> SecurityReading:
    """A database as it should be, but for what is said; the score is about all its fields."""
    described = fields or (field(),)
    best = SecurityReading(
        now=NOW,
        fields=described,
        about=frozenset(one.name for one in described),
        key=key(),
        backups=Backups(3, 0),
        readers=Readers(2, 2, 2),
        public=(),
    )
    return replace(best, **worse)


def table(**worse: Any) -> TableReading:
    """A table of a million rows without an idle byte, but for what is said."""
    best = TableReading(
        name="public.users",
        pages=34_000,
        rows=1_000_000,
        heap_bytes=34_000 * 8192,
        index_bytes=34_000 * 4096,
        toast_bytes=8192,
        row_bytes=264.0,
        slack=Slack(0.05, "measured"),
        reserved=0.0,
        live=1_000_000,
        dead=0,
        updated=1000,
        hot=950,
        swept=0,
        since=NOW,
    )
    return replace(best, **worse)


def storage_reading(*tables: TableReading | Unknown) -> StorageReading:
    """A database with these tables."""
    return StorageReading(tuple((f"t{number}", one) for number, one in enumerate(tables)))


def term(score: Score, name: str) -> Term:
    """The term of a score that has this name."""
    (found,) = [one for one in score.terms if one.name == name]
    return found
