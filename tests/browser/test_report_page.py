"""The page of a run in a real browser: it shows all, says nothing to anyone, and can be printed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from reseal.report import make
from tests.browser.chromium import Seen, browsing, look_at, need_chromium
from tests.reseal import report_facts

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT = """
Array.from(document.querySelectorAll('.scroll'))
    .filter(box => box.scrollWidth > box.clientWidth + 1)
    .map(box => box.getAttribute('aria-label'))
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing(need_chromium()) as started:
        yield started


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of an encryption, with every section and plot."""
    directory = tmp_path_factory.mktemp("run")
    file = directory / "report.html"
    file.write_text(make(report_facts.encrypted(directory), directory).html, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def seen(browser: Browser, report: Path) -> Seen:
    return look_at(browser, report)


def test_the_page_asks_for_nothing_and_complains_of_nothing(seen: Seen, report: Path):
    assert [url for url in seen.requests if not url.startswith("data:")] == [report.as_uri()]
    assert seen.messages == []
    assert seen.errors == []


def test_every_plot_is_drawn_and_has_a_name(seen: Seen):
    plots = seen.page.get_by_role("img").all()

    assert len(plots) == 5
    for plot in plots:
        box = plot.bounding_box()
        assert box is not None
        assert box["width"] > 600
        assert box["height"] > 60
        assert len(plot.get_attribute("aria-label") or "") > 40


@pytest.mark.parametrize("width", [1120, 390])
def test_nothing_sticks_out(browser: Browser, report: Path, width: int):
    page = look_at(browser, report, width=width).page

    assert page.evaluate(OVERFLOW) <= 0
    if width > 1000:
        assert page.evaluate(CUT) == []
    page.close()


def test_the_page_can_be_printed(browser: Browser, report: Path):
    seen = look_at(browser, report)
    seen.page.emulate_media(media="print")

    printed = seen.page.pdf(format="A4", prefer_css_page_size=True)

    assert printed.startswith(b"%PDF")
    assert not seen.page.locator("nav").is_visible()
    assert seen.errors + seen.messages == []
    seen.page.close()
