"""What was seen is written down once a second, and never ends a run."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reseal.pacing.samples import Samples

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def rows_of(file: Path) -> list[list[str]]:
    with file.open(newline="") as opened:
        return list(csv.reader(opened))


def test_a_line_is_written_a_second_if_something_was_seen(tmp_path: Path):
    samples = Samples(tmp_path / "samples.csv")

    samples.add(NOON, 1.25, None, 1.0)
    samples.add(NOON + SECOND / 3, 9.0, None, 1.0)
    samples.add(NOON + SECOND, None, None, 1.0)
    samples.add(NOON + 2 * SECOND, 2.0, 4096, 0.0)

    assert rows_of(samples.file) == [
        ["at", "login_ms", "replication_lag_bytes", "share"],
        [NOON.isoformat(), "1.250", "", "1.00"],
        [(NOON + 2 * SECOND).isoformat(), "2.000", "4096", "0.00"],
    ]


def test_a_file_that_cannot_be_written_ends_nothing(tmp_path: Path):
    Samples(tmp_path / "nowhere" / "samples.csv").add(NOON, 1.0, None, 1.0)
