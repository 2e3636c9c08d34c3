"""The page is made of its figures, and says what is not as it should be."""

import json
from pathlib import Path
from typing import Any

import pytest

from reseal.modes import Mode
from tests.neighbour.application import Login
from tests.neighbour.beside import Beside, Round
from tests.neighbour.docs import made_of, together, write
from tests.neighbour.said import tables, verdicts
from tests.neighbour.watch import Reaction

DOCS = Path(__file__).resolve().parents[2] / "docs"


def logins(milliseconds: float) -> list[Login]:
    return [Login(float(n), milliseconds, True) for n in range(200)]


def beside(mode: Mode, times: float) -> dict[str, Any]:
    """A mode in which a login takes so many times as long beside a run."""
    by_stage = {"before": logins(1.0), "encrypt": logins(2.0)}
    one = Round(
        logins(1.0), logins(1.0), logins(times), by_stage, {"encrypt": 3.0}, 5.0, 0.2, 0.0, []
    )
    return Beside(mode, [one]).as_dict()


def reaction(name: str, *, code: int = 0, sealed: int = 10, told: bool = True) -> dict[str, Any]:
    said = {"action": "pause", "signal": "queued_seconds", "value": 1.5, "limit": 1.0}
    decisions = [{"signal": "queued_seconds", "action": "pause"}] if told else []
    return Reaction(
        name, f"trouble {name}", said, 1.0, 2.0, 0.5 if code == 0 else None, code,
        rows=10, sealed_at_end=sealed, decisions=decisions,
    ).as_dict()  # fmt: skip


def document(**words: Any) -> dict[str, Any]:
    about = {
        "date": "2026-01-01", "rows": 1000, "troubled_rows": 1000, "rate": 25.0, "seconds": 60.0,
        "machine": {
            "system": "Linux", "processor": "some", "cores": 2, "memory_gib": 8,
            "python": "3.11", "load": 0.1,
        },
        "server": {"server_version": "18", "fsync": "on"},
        "logins": {"safe": beside(Mode.SAFE, 1.1)},
        "reactions": {"lock": reaction("lock")},
    }  # fmt: skip
    return {**about, **words}


def test_page_plot_and_figures_are_written(tmp_path: Path) -> None:
    one = document()
    write(one, tmp_path)

    page = (tmp_path / "neighbour.md").read_text()
    assert "- Shown: safe: p95 1.10 times its idle value (at most 1.25)" in page
    assert "| trouble lock | `queued_seconds` | 1.5 | 1 | 1.0 | 0.5 | 0 |" in page
    assert json.loads((tmp_path / "neighbour.json").read_text()) == one
    assert (tmp_path / "neighbour.svg").read_text().startswith("<svg")


def test_of_several_documents_the_later_one_counts_case_by_case() -> None:
    others = document(logins={}, reactions={"slot": reaction("slot")}, troubled_rows=5000)
    later = document(reactions={}, date="2026-02-02")
    all_of_them = together([document(), others, later])

    assert [*all_of_them["logins"], *all_of_them["reactions"]] == ["safe", "lock", "slot"]
    assert all_of_them["date"] == "2026-02-02"
    assert together([all_of_them]) == all_of_them
    page = made_of(all_of_them)
    assert "trouble slot" in page
    assert "the table (1,000 users" in page
    assert "seals 5,000 users" in page


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (document(logins={"safe": beside(Mode.SAFE, 1.3)}), "p95 1.30 times"),
        (document(reactions={"lock": reaction("lock", sealed=9)}), "every row is sealed"),
        (document(reactions={"lock": reaction("lock", told=False)}), "pacing.json has"),
        (document(reactions={"lock": reaction("lock", code=1)}), "goes on by itself"),
    ],
)
def test_what_is_not_as_it_should_be_is_said(one: dict[str, Any], said: str) -> None:
    (found,) = [text for text, is_so in verdicts(one) if not is_so]
    assert said in found
    assert "trouble lock" in tables(one)
