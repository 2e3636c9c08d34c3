"""What is made from the code is what the code makes; links lead somewhere; examples are read."""

import ast
import re
import tomllib

import pytest

from reseal.config import parse_config
from reseal.health.alert import KINDS
from reseal.outcome import WRONG_USE, Outcome
from reseal.quarantine.trouble import Trouble
from tests.documents import checks, picture, session
from tests.documents.__main__ import MADE
from tests.documents.markdown import DOCS, PAGES, README, ROOT, RUNBOOK, Page
from tests.documents.stages import stages_of

each = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.path.relative_to(ROOT)))


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_a_page_is_what_the_code_makes(path):
    assert path.read_text(encoding="utf-8") == MADE[path](), "run `make pages`"


def test_every_stage_of_the_flow_is_drawn_and_no_other():
    taken = [stage.name for stage in stages_of("flows.encrypt_secrets", "encrypt_secrets")]

    assert taken[:3] == ["preflight", "approval", "prepare"]
    assert {*taken, "evidence"} == set(picture.LINES) == set(picture.SAID)


def test_the_stages_are_found_in_the_order_of_the_code():
    taken = stages_of("flows.encrypt_secrets", "encrypt_secrets")
    names = [stage.name for stage in taken]

    assert names.index("backup") < names.index("expect") < names.index("encrypt")
    assert [stage.name for stage in taken if stage.is_branch] == ["rollback"]


def test_pictures_load_nothing_from_elsewhere():
    for path in DOCS.rglob("*.svg"):
        urls = set(re.findall(r"https?://[^\s\"'<>)]+", path.read_text(encoding="utf-8")))
        assert urls <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink",
                        "https://www.textualize.io"}  # fmt: skip
        assert "url(http" not in path.read_text(encoding="utf-8")


def test_the_session_was_recorded_to_its_good_end():
    said = session.TEXT.read_text(encoding="utf-8").splitlines()

    assert said[0] == session.PROMPT
    assert said[-1] == "Demonstration passed."
    assert any(" 0 failed," in line and " 0 lost," in line for line in said)


@each
def test_links_lead_to_files_and_headings_that_there_are(page):
    for path, anchor in page.links():
        assert path.exists(), f"{path} is not there"
        if anchor:
            assert anchor in Page.read(path).anchors(), f"{path.name} has no #{anchor}"


def test_every_page_is_in_the_table_of_contents():
    trees = re.findall(r"```\{toctree\}(.*?)```", (DOCS / "index.md").read_text(), re.DOTALL)
    listed = {line for tree in trees for line in tree.splitlines() if line and line[0] != ":"}
    pages = {path.stem for path in DOCS.glob("*.md")} - {"index"}

    assert listed == {*pages, "decisions/*"}


@each
def test_examples_in_python_compile(page):
    for block in page.blocks("python"):
        compile(block, str(page.path), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@each
def test_examples_of_reseal_toml_are_read(page):
    for block in page.blocks("toml"):
        document = tomllib.loads(block)
        one = {"name": "users.mfa_secret", "table": "users", "column": "mfa_secret"}
        assert parse_config({"field": [one], **document}).fields


@pytest.mark.parametrize("title", ["Exit codes", "Alerts", "Quarantine"])
def test_the_runbook_has_a_row_for_each(title):
    wanted = {
        "Exit codes": {str(outcome.exit_code) for outcome in Outcome} | {str(WRONG_USE)},
        "Alerts": set(KINDS),
        "Quarantine": {trouble.value for trouble in Trouble},
    }
    rows = RUNBOOK.section(title).text.splitlines()
    cells = [row.split("|")[1] for row in rows if row.startswith("|")]

    named = {name for cell in cells for name in re.findall(r"[\w-]+", cell)}
    assert wanted[title] <= named


def test_the_readme_counts_the_checks_as_they_are():
    assert set(re.findall(r"(\d+) checks", README.text)) == {str(checks.count())}


def test_versions_are_those_of_the_package():
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*package["dependencies"]]
    asked += [one for extra in package["optional-dependencies"].values() for one in extra]
    rows = re.findall(
        r"^\| ([a-z][\w\[\]-]+) \| ([<>=][^ |]*) \|",
        (DOCS / "versions.md").read_text(),
        re.MULTILINE,
    )

    assert len(rows) > 10
    assert {f"{name}{versions}" for name, versions in rows} <= set(asked)
    assert package["requires-python"] == ">=3.11"
