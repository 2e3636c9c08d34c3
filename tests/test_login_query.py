"""The login query is measured on a small table by the real command; nothing is timed here."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.login_page import made_of

ROOT = Path(__file__).resolve().parents[1]
ROWS = 20_000


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run on a small table has written."""
    to = tmp_path_factory.mktemp("login-query")
    words = ["-m", "tests.bench.login_query", "--rows", str(ROWS), "--to", str(to)]
    variables = {n: text for n, text in os.environ.items() if not n.startswith("PREFECT_")}
    subprocess.run([sys.executable, *words], check=True, env=variables, cwd=ROOT)
    return to


@pytest.fixture(scope="module")
def document(written: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((written / "login-query.json").read_text())
    return found


@pytest.mark.slow
def test_the_index_that_helps_stays_and_is_all_that_the_query_needs(document: dict[str, Any]):
    helped, _ = document["trials"]

    assert helped["kept"], helped["why"]
    assert helped["before"]["node"] == "Seq Scan"
    assert (helped["after"]["node"], helped["after"]["index"]) == (
        "Index Only Scan", helped["index"],
    )  # fmt: skip
    assert helped["after"]["pages"] <= 3
    assert helped["before"]["pages"] >= 100
    assert helped["index"] in document["indexes"]


@pytest.mark.slow
def test_the_index_that_does_not_help_is_not_kept(document: dict[str, Any]):
    _, other = document["trials"]

    assert not other["kept"]
    assert other["after"]["index"] != other["index"]
    assert other["index"] not in document["indexes"]


@pytest.mark.slow
def test_page_and_plot_are_made_of_the_figures(written: Path, document: dict[str, Any]):
    assert (written / "optimise.md").read_text() == made_of(document)
    assert f"On {ROWS:,} users" in made_of(document)
    assert (written / "login-query.svg").read_text().startswith("<svg")


def test_the_page_in_docs_is_what_its_figures_make():
    figures = json.loads((ROOT / "docs/login-query.json").read_text())

    assert (ROOT / "docs/optimise.md").read_text() == made_of(figures)
    assert figures["rows"] == 1_000_000
