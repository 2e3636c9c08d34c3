"""The facts of a run as the page reads them; what a run did not get to is simply not there."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from reseal.decision import Decision

Part = dict[str, Any]


class Batch(NamedTuple):
    """A committed batch, as the ledger of the bundle has it."""

    field: str
    turn: str
    rows_read: int
    changed: int
    written: datetime


class Sample(NamedTuple):
    """A moment of the run: what a login took, and how many bytes a standby was behind."""

    at: datetime
    login_ms: float | None
    lag_bytes: float | None


@dataclass(frozen=True)
class Facts:
    """The manifest's object, and the directory that holds the files it names."""

    document: Mapping[str, Any]
    directory: Path

    def part(self, name: str) -> Part:
        """Return a part of the manifest; an empty one where the run did not get to it."""
        return dict(self.document.get(name) or {})

    @property
    def run(self) -> Part:
        """Which run it was, and how it ended."""
        return self.part("run")

    @property
    def fields(self) -> dict[str, Part]:
        """What the run came to, by field; of a killed one, what it counted and wrote by then."""
        counted = self.part("preflight").get("fields") or {}
        return self.part("fields") or {
            name: {"before": census, "changed": self._written(name)}
            for name, census in counted.items()
        }

    @property
    def keys(self) -> list[Part]:
        """The key inventory as it is at the end; as it was before where nothing later is known."""
        keys = self.part("keys")
        return list(keys.get("after") or keys.get("before") or [])

    @property
    def active_key(self) -> int | None:
        """The version that seals at the end."""
        return next((int(key["version"]) for key in self.keys if key["state"] == "active"), None)

    @property
    def previous_keys(self) -> list[Part]:
        """The key inventory as it was before."""
        return list(self.part("keys").get("before") or [])

    @cached_property
    def batches(self) -> list[Batch]:
        """Every batch that was committed, in the order of time."""
        return sorted(map(_batch, self._rows("ledger")), key=lambda batch: batch.written)

    @cached_property
    def samples(self) -> list[Sample]:
        """What was measured during the run, in the order of time."""
        return [sample for row in self._rows("samples") if (sample := _sample(row))]

    @cached_property
    def decisions(self) -> list[Decision]:
        """What the pacing decided, in the order of time."""
        given = self.part("pacing").get("decisions") or []
        return sorted(Decision(moment(one["at"]), str(one["what"])) for one in given)

    def total(self, count: str) -> int:
        """Return a count, such as `changed`, over all fields."""
        return sum(int(part.get(count) or 0) for part in self.fields.values())

    def census(self, when: str) -> dict[str, Part]:
        """Return the census of every field that was counted `before` or `after`."""
        return {name: part[when] for name, part in self.fields.items() if part.get(when)}

    def _written(self, field: str) -> int:
        return sum(batch.changed for batch in self.batches if batch.field == field)

    def _rows(self, part: str) -> Iterator[dict[str, str]]:
        name = self.part(part).get("file")
        path = self.directory / name if name else None
        if path is None or not path.is_file():
            return
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def moment(given: Any) -> datetime:
    """Read a time, spelled in ISO 8601 or not; one without a zone is in UTC."""
    at = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def sealed(census: Part) -> int:
    """Return how many rows hold an envelope, under whatever key."""
    return sum((census.get("sealed") or {}).values())


def unsettled(census: Part) -> int:
    """Return how many rows hold something that is neither empty nor sealed."""
    return sum(int(census.get(shape) or 0) for shape in ("plain", "foreign", "unrecognised"))


def _batch(row: dict[str, str]) -> Batch:
    return Batch(
        row["field"], row["turn"], int(row["rows_read"]), int(row["changed"]),
        moment(row["written"]),
    )  # fmt: skip


def _sample(row: dict[str, str]) -> Sample | None:
    try:
        login, lag = _number(row["login_ms"]), _number(row["replication_lag_bytes"])
        return Sample(moment(row["at"]), login, lag)
    except ValueError:
        # Of a run that was killed the last line may be half a line.
        return None


def _number(text: str | None) -> float | None:
    return float(text) if text else None
