"""The page of a run: whatever became of it, the page is whole, alone, and says what is so."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reseal.report import NO_PAGE, PAGE, make, write
from reseal.report.controls import CONTROLS
from reseal.report.facts import Facts
from reseal.report.page import Page as Told
from reseal.report.summary import five_lines
from tests.conftest import SENTINEL
from tests.reseal import report_facts, report_parts
from tests.reseal.page import Page
from tests.reseal.report_parts import FIELD

_HOSTILE = '<script>alert("x")</script>&\'<b>'
# Names of the language that a picture is written in; nobody goes there.
_NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The page of every kind of run."""
    made = {}
    for name, facts in report_facts.RUNS.items():
        directory = tmp_path_factory.mktemp("run")
        made[name] = make(facts(directory), directory).html
    return made


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What is told of an encryption that set a row aside whose key nobody should read."""
    directory = tmp_path_factory.mktemp("run")
    facts = report_facts.encrypted(directory)
    facts["fields"][FIELD]["rows_set_aside"][0]["key"] = [SENTINEL]
    return make(facts, directory)


@pytest.mark.parametrize("name", report_facts.RUNS)
def test_every_run_has_a_page_that_is_whole_and_refers_to_nothing_else(
    pages: dict[str, str], name: str
):
    page = Page(pages[name])

    assert page.elements["script"] == 0
    assert page.elements["h1"] == 1
    assert [refers for refers in page.refers if not refers.startswith("#")] == ["data:,"]
    assert {link[1:] for link in page.refers if link.startswith("#")} <= set(page.ids)
    assert [one for one, times in Counter(page.ids).items() if times > 1] == []
    assert page.unlabelled == []
    elsewhere = set(re.findall(r"https?://[^\"' <]+", pages[name])) - set(_NAMESPACES)
    assert elsewhere == set()
    assert "url(" not in pages[name]
    assert "@import" not in pages[name]


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        (
            "encrypted",
            0,
            "a run encrypted the MFA secrets in users.mfa_secret of the database shop",
        ),
        ("encrypted", 1, "1,000,000 of 1,000,003 secrets were encrypted at the end"),
        ("encrypted", 1, "wrote 1,000,000 rows and set 3 aside"),
        ("encrypted", 2, "Yes: 3 values in plaintext"),
        ("encrypted", 3, "Operated by alice; approved by Bob Weaver"),
        ("encrypted", 4, "reseal evidence verify DIRECTORY --key KEY"),
        ("refused", 0, "and was refused."),
        ("refused", 1, "This run wrote 0 rows"),
        ("refused", 2, "1,203 values stood in plaintext when it began"),
        ("refused", 3, "nobody was asked to approve it"),
        ("rotated", 1, "200,000 of them under the new key 2"),
        ("verified", 1, "This run wrote nothing"),
        ("verified", 2, "None in users.mfa_secret"),
        ("rolled back", 0, "found its own work broken and put all back"),
        ("undone", 1, "60,000 originals were put back, 7 rows were left as they are"),
        ("interrupted", 0, "was cut off"),
        ("interrupted", 1, "0 of 150,003 secrets were encrypted when it began"),
        ("interrupted", 1, "This run wrote 144,000 rows"),
        ("bare", 1, "The rows were not counted."),
        ("optimised", 0, "a run measured the login queries of users.mfa_secret"),
        ("optimised", 1, "2 login queries were measured, 1 index was kept; no row was touched."),
        ("optimised", 2, "This run does not say"),
    ],
)
def test_five_lines_say_what_a_manager_asks(tmp_path: Path, name: str, line: int, said: str):
    facts = report_facts.RUNS[name](tmp_path)

    lines = five_lines(Facts(facts, tmp_path))

    assert len(lines) == 5
    assert said in lines[line].said


def test_a_run_that_only_looked_does_not_say_that_it_encrypted(tmp_path: Path):
    facts = report_facts.refused(tmp_path)
    facts["run"] |= {"mode": "validate-only", "outcome": "done"}

    assert "a run checked, without writing," in five_lines(Facts(facts, tmp_path))[0].said


def test_what_nobody_looked_at_is_said_beside_none(tmp_path: Path):
    facts = report_facts.encrypted(tmp_path)
    facts["fields"][FIELD]["after"]["plain"] = 0

    said = five_lines(Facts(facts, tmp_path))[2].said

    assert said == f"None in {FIELD}. None was found on disk either. Not verified: log_directory."


def test_values_that_nobody_can_tell_are_no_plaintext_and_not_left_out(tmp_path: Path):
    facts = report_facts.encrypted(tmp_path)
    facts["fields"][FIELD]["after"] |= {"plain": 0, "unrecognised": 3}

    said = five_lines(Facts(facts, tmp_path))[2].said

    assert said.startswith(f"None in {FIELD}, and 3 values that cannot be told.")


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("encrypted", "Backup"),
        ("encrypted", "Approval"),
        ("encrypted", "Scores"),
        ("refused", "Preflight"),
    ],
)
def test_what_a_run_got_to_has_a_section(pages: dict[str, str], name: str, heading: str):
    assert f">{heading}</h2>" in pages[name]


def test_a_section_that_a_run_did_not_get_to_is_left_out(pages: dict[str, str]):
    for heading in ("Backup", "Validation", "Guard", "Pacing", "Keys", "Scores"):
        assert f">{heading}</h2>" not in pages["refused"]


def test_both_scores_are_told_term_by_term_with_advice(pages: dict[str, str]):
    words = Page(pages["encrypted"]).words

    for said in (
        "Security score: 31 of 100, 32 of which could be measured.",
        "Secrets sealed 99.9 % 21.9 22 1,000,000 of 1,000,003 are sealed; 3 plain.",
        "Residue of plaintext unknown 0 8 no cleaning has looked for it",
        "DROP INDEX CONCURRENTLY users_mfa_old;",
        "public.devices permission denied for table devices",
    ):
        assert said in words


def test_scores_that_could_not_be_computed_say_why(tmp_path: Path):
    facts = report_facts.encrypted(tmp_path)
    facts["scores"] = {"missing": "the connection to the database was lost"}

    words = Page(make(facts, tmp_path).html).words

    assert "The scores could not be computed: the connection to the database was lost." in words


def test_every_control_says_what_a_run_does_not_show(tmp_path: Path):
    table = make(report_facts.refused(tmp_path), tmp_path, draws=False).controls

    assert len(table.rows) == len(CONTROLS)
    assert all(row[3].text for row in table.rows)


def test_a_control_shows_nothing_of_a_run_that_did_nothing(tmp_path: Path):
    table = make(report_facts.bare(tmp_path), tmp_path, draws=False).controls

    assert {row[2].text for row in table.rows} == {"Nothing."}


def test_a_rotation_shows_which_key_took_over(pages: dict[str, str]):
    assert "It took over from key 1 in this run." in Page(pages["rotated"]).words


def test_every_query_that_was_measured_has_its_plans_and_its_fate(pages: dict[str, str]):
    told = Page(pages["optimised"]).words

    assert "SELECT id FROM public.users WHERE email = $1 kept: 3 pages before, 2 after" in told
    assert "WHERE plan = $1 not kept: the planner does not take it" in told


def test_names_from_outside_are_text_and_nothing_else(tmp_path: Path):
    facts = _renamed(report_facts.encrypted(tmp_path), FIELD, _HOSTILE)
    facts["operator"] = facts["run"]["message"] = _HOSTILE
    facts["preflight"]["checks"][0]["value"] = _HOSTILE
    facts["scores"]["advice"][0]["statement"] = _HOSTILE
    report_parts.write_batches(tmp_path, _HOSTILE, 20, 100)

    text = make(facts, tmp_path).html
    page = Page(text)

    assert "<script" not in text.lower()
    assert page.elements["b"] == 0
    assert _HOSTILE in page.words


def test_many_fields_are_told_apart(tmp_path: Path):
    facts = report_facts.encrypted(tmp_path)
    for number in range(4):
        facts["fields"][f"devices.secret{number}"] = report_parts.field(plain=10)

    page = Page(make(facts, tmp_path).html)

    assert all(f"devices.secret{number}" in page.words for number in range(4))


def test_a_page_of_ten_million_rows_is_no_larger_than_one_can_open(tmp_path: Path):
    facts = report_facts.encrypted(tmp_path, batches=2500, rows=4000)

    assert len(make(facts, tmp_path).html) < 400_000


def test_plots_have_the_same_names_in_every_run(told: Told):
    assert [figure.name for figure in told.figures] == [
        "plot-progress", "plot-census", "plot-latency", "plot-plans", "plot-storage",
    ]  # fmt: skip
    assert all(figure.says.endswith(".") for figure in told.figures)
    assert all("<text" in figure.svg for figure in told.figures)


def test_no_row_key_and_no_secret_is_on_the_page(told: Told):
    assert SENTINEL not in told.html
    assert "not base32" in told.html


def test_without_plots_the_rest_is_told(tmp_path: Path):
    page = write(report_facts.encrypted(tmp_path), tmp_path, draws=False)

    assert page is not None
    assert page.figures == ()
    assert (tmp_path / PAGE).read_text() == page.html
    assert ">Validation</h2>" in page.html


def test_facts_that_are_none_leave_a_word_in_place_of_the_page(tmp_path: Path):
    facts = {**report_facts.bare(tmp_path), "fields": {FIELD: SENTINEL}}

    assert write(facts, tmp_path, draws=False) is None
    assert not (tmp_path / PAGE).exists()
    assert (tmp_path / NO_PAGE).read_text().startswith("The page of this run could not be made (")
    assert SENTINEL not in (tmp_path / NO_PAGE).read_text()


def _renamed(facts: Any, name: str, other: str) -> Any:
    """The same facts about a field of another name."""
    if isinstance(facts, dict):
        return {
            (other if key == name else key): _renamed(one, name, other)
            for key, one in facts.items()
        }
    return [_renamed(one, name, other) for one in facts] if isinstance(facts, list) else facts
