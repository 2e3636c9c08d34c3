"""The page of a run, `report.html`: the facts of its manifest for people who were not there."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reseal.report.page import Page

PAGE = "report.html"
NO_PAGE = "report-missing.txt"


def make(facts: Mapping[str, Any], directory: Path, *, draws: bool = True) -> "Page":
    """Make the page and what else is told of a run: its five lines, controls and plots.

    `facts` is the manifest's object, `directory` holds the files that it names. Without `draws`
    there are no plots, which take half a second.
    """
    # What renders and draws is installed with the pipeline only.
    from reseal.report import page
    from reseal.report.facts import Facts

    return page.make(Facts(facts, directory), draws=draws)


def write(facts: Mapping[str, Any], directory: Path, *, draws: bool = True) -> "Page | None":
    """Write PAGE beside the files that it is about; return it and what else is told of the run.

    A record without a page is better than none: where it cannot be made, NO_PAGE says so, and
    there is nothing to return.
    """
    try:
        page = make(facts, directory, draws=draws)
    except Exception as error:
        # Of the error only its type, as its text may hold what was read.
        said = f"The page of this run could not be made ({type(error).__name__}).\n"
        (directory / NO_PAGE).write_text(said, encoding="utf-8")
        return None
    (directory / PAGE).write_text(page.html, encoding="utf-8")
    return page
