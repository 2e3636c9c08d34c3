"""The bench runs on small tables, and the page is made of what it wrote; nothing is timed here."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import performance
from tests.bench.command import Ended
from tests.bench.contenders import Contender
from tests.bench.document import of_rounds, times_as_fast
from tests.bench.looks import Look
from tests.bench.measured import Measured, NotHere
from tests.bench.memory import Memory
from tests.bench.page import made_of
from tests.bench.rounds import Rounds
from tests.bench.site import Site
from tests.bench.spent import Spent
from tests.bench.table import Table

ROOT = Path(__file__).resolve().parents[1]


def measured(line: str, rows: int, seconds: float) -> Measured:
    memory = Memory(60, 0, 60, 60, {"10%": 20, "50%": 50, "90%": 60})
    return Measured(line, rows, Spent(seconds, client=1, server=2, wal=rows * 700), memory)


def document(rows: int, bare_seconds: float = 1.0) -> dict:
    """What a run of two rounds comes to, in which sealing is half as fast as the bare UPDATE."""
    rounds = [
        {
            "bare": measured("bare", rows, factor * bare_seconds),
            "encrypt": measured("encrypt", rows, factor * 2 * bare_seconds),
            "flow": replace(measured("flow", rows, 40), stages={"backup": 8.0, "encrypt": 32.0}),
            "django-save": measured("django-save", rows // 10, factor * 10 * bare_seconds),
        }
        for factor in (1, 3)
    ]
    about = {
        "date": "2026-01-01",
        "machine": {
            "system": "Linux", "processor": "some", "cores": 2, "memory_gib": 8,
            "python": "3.11", "load": 0.1,
        },
        "server": {"server_version": "18", "fsync": "on"},
        "table": {"rows": rows, "keys": "bigint", "further_indexes": False},
    }  # fmt: skip
    return about | of_rounds(rounds, {"pgcrypto-pgp": "the server lacks it"})


def site(directory: Path) -> Site:
    return Site("", directory, Table(1000), {})


@pytest.mark.slow
def test_a_run_of_the_bench_makes_the_page(tmp_path):
    out = tmp_path / "small.json"
    lines = ["executemany", "pgcrypto-pgp", "encrypt", "backup", "validate", "flow"]
    words = ["--rows", "2000", "--rounds", "1", "--out", str(out)]
    words += [word for line in lines for word in ("--only", line)]
    variables = {n: text for n, text in os.environ.items() if not n.startswith("PREFECT_")}
    subprocess.run([sys.executable, "-m", "tests.bench", *words], check=True, env=variables)

    written = json.loads(out.read_text())
    assert {*written["median"], *written["missing"]} == {"bare", *lines}
    performance.write([written], tmp_path)
    text = (tmp_path / "performance.md").read_text()
    assert "## 2,000 rows, bigint keys" in text
    assert all(f"| {line['title']} |" in text for name, line in written["lines"].items()
               if name not in written["missing"])  # fmt: skip
    assert (tmp_path / "performance.svg").read_text().startswith("<svg")


def test_ratios_are_those_of_a_round_and_not_of_medians():
    found = document(1000)

    assert found["median"]["bare"]["rows_per_second"] == pytest.approx((1000 + 1000 / 3) / 2)
    assert found["median"]["encrypt"]["ratio"] == pytest.approx(0.5)
    assert found["median"]["encrypt"]["wal_bytes"] == 700
    assert times_as_fast(found, "encrypt", "django-save") == pytest.approx(50)


def test_the_page_says_what_is_missing_and_how_the_cost_of_a_row_grows():
    text = made_of([document(1000), document(100_000, bare_seconds=110)])

    assert "Not available: pgcrypto pgp_sym_encrypt: the server lacks it." in text
    assert "| Django, save() | 100 |" in text
    assert "| encrypt --aggressive | 4000.00 | 4400.00 | +10% |" in text
    # What had fewer rows than the table says nothing of its size.
    assert text.count("| Django, save() |") == 2


def test_the_same_table_on_another_processor_is_told_apart():
    here, there = document(1000), document(1000)
    there["machine"] = there["machine"] | {"processor": "another"}

    text = made_of([here, there])

    assert "## 1,000 rows, bigint keys\n" in text
    assert "## 1,000 rows, bigint keys, on another\n" in text
    with pytest.raises(SystemExit, match="processor"):
        made_of([here, there, there])


def test_every_other_round_goes_backwards_between_two_references_and_without_what_is_missing(
    tmp_path,
):
    order = []

    def contender(name):
        def measure(_site, _wanted):
            order.append(name)
            if name == "pgcrypto-pgp":
                raise NotHere("not here")
            yield measured(name, 10, 1)

        return Contender((name,), measure)

    names = ["bare", "encrypt", "pgcrypto-pgp", "sweep"]
    rounds = Rounds(site(tmp_path), [contender(name) for name in names], frozenset(names))
    rounds.run()
    rounds.run()

    assert order == [*names, "bare", "bare", *names[::-1]]
    assert rounds.missing == {"pgcrypto-pgp": "not here"}
    assert [set(one) for one in rounds.measured] == [{"bare", "encrypt", "sweep"}] * 2


def test_what_a_stage_took_is_told_by_the_looks_at_its_time(tmp_path):
    for name in ("backup-users.json", "before-seal-users.json"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (104, 104))
    # A processor each, and a hundred bytes a second.
    looks = [Look(100 + n, n, 2 * n, 100 * n, 50 + n, (10.0,), 55) for n in range(10)]
    run = {"evidence": str(tmp_path), "stages": {"backup": 2.5, "encrypt": 3.0}}
    ended = Ended(site(tmp_path), run, looks, 100, 109)

    backup, encrypt = ended.stage("backup", "backup"), ended.stage("encrypt", "encrypt")

    assert backup.spent == Spent(2.5, 2.5, 5.0, 250.0)
    assert encrypt.spent == Spent(3.0, 3.0, 6.0, 300.0)
    assert encrypt.memory is not None
    assert encrypt.memory.together == 67.0


def test_the_page_in_docs_is_what_its_figures_make():
    figures = json.loads((ROOT / "docs/performance.json").read_text())

    assert (ROOT / "docs/performance.md").read_text() == made_of(figures)
