"""The site is built without a warning, and a browser that shows it asks nobody else."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.documents.markdown import DOCS, ROOT

pytestmark = pytest.mark.slow

# What a browser fetches by itself; a link is for the reader to follow.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=["']((?:https?:)?//[^"']+)"""
    r"""|url\(["']?((?:https?:)?//[^"')]+)|@import ["']((?:https?:)?//[^"']+)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` builds it."""
    if find_spec("sphinx") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the extra `docs` is not installed")
    built = tmp_path_factory.mktemp("site")
    words = ["-q", "-W", "--keep-going", "docs", str(built)]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words], cwd=ROOT, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return built


def test_every_page_is_on_it(site):
    pages = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}

    assert {page for page in pages if not (site / page).exists()} == set()


def test_nothing_is_fetched_from_elsewhere(site):
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    fetched = {
        "".join(found) for path in files for found in FETCHED.findall(path.read_text("utf-8"))
    }

    assert files
    assert fetched == set()
