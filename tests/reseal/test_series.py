"""However much a run wrote, a plot has few points, and they add up to the same."""

import csv
from pathlib import Path
from typing import Any

import pytest

from reseal.report.facts import Facts
from reseal.report.series import MOST_POINTS, progress
from tests.reseal import report_parts
from tests.reseal.report_parts import FIELD


@pytest.mark.parametrize("batches", [2, 299, 301, 6000])
def test_however_many_batches_there_are_a_plot_has_few_points(tmp_path: Path, batches: int):
    report_parts.write_batches(tmp_path, FIELD, batches, 1000)

    points = progress(Facts(_ledger(), tmp_path))

    assert points is not None
    assert 2 <= len(points.total) <= MOST_POINTS
    assert 2 <= len(points.size) <= MOST_POINTS
    assert points.total[-1]["rows"] == sum(int(row["changed"]) for row in _rows(tmp_path))
    written = sum(bar["rate"] * (bar["end"] - bar["at"]) / 1000 for bar in points.rate)
    assert written == pytest.approx(points.total[-1]["rows"], rel=0.02)


def test_half_a_line_of_a_killed_run_is_left_out(tmp_path: Path):
    report_parts.write_samples(tmp_path, 5)
    with (tmp_path / "samples.csv").open("a") as file:
        file.write("2026-11-2")

    assert len(Facts({"samples": {"file": "samples.csv"}}, tmp_path).samples) == 5


@pytest.mark.parametrize("batches", [0, 1])
def test_one_batch_is_no_plot(tmp_path: Path, batches: int):
    report_parts.write_batches(tmp_path, FIELD, batches, 1000)

    assert progress(Facts(_ledger(), tmp_path)) is None


def _ledger() -> dict[str, Any]:
    return {"ledger": {"file": "batches.csv"}}


def _rows(directory: Path) -> list[dict[str, str]]:
    with (directory / "batches.csv").open(newline="") as file:
        return list(csv.DictReader(file))
