"""The page of a run, `report.html`: the facts of its manifest for people who were not there."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reseal.report.page import Page


def make(facts: Mapping[str, Any], directory: Path, *, draws: bool = True) -> "Page":
    """Make the page and what else is told of a run: its five lines, controls and plots.

    `facts` is the manifest's object, `directory` holds the files that it names. Without `draws`
    there are no plots, which take half a second.
    """
    # What renders and draws is installed with the pipeline only.
    from reseal.report import page
    from reseal.report.facts import Facts

    return page.make(Facts(facts, directory), draws=draws)


def render(facts: Mapping[str, Any], directory: Path) -> str:
    """Return the page of a run: one HTML document that refers to nothing outside itself."""
    return make(facts, directory).html
