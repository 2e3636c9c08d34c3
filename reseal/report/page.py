"""The page of a run: one HTML file that needs nothing else, for screen, printer and reader."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import jinja2

from reseal import __version__
from reseal.report import summary, words
from reseal.report.cleaning_section import about_cleaning
from reseal.report.controls import NOTE, control_table
from reseal.report.facts import Facts
from reseal.report.figures import Figure, figures
from reseal.report.key_sections import about_keys
from reseal.report.pacing_section import about_pacing
from reseal.report.row_sections import (
    about_backup,
    about_guard,
    about_plans,
    about_rows,
    about_storage,
    about_validation,
    claims_of,
)
from reseal.report.run_sections import (
    about_approval,
    about_files,
    about_preflight,
    about_run,
    about_stages,
)
from reseal.report.score_sections import about_scores
from reseal.report.summary import Line
from reseal.report.table import Section, Table

_SECTIONS = (
    about_run, about_approval, about_preflight, about_keys, about_rows, about_backup,
    about_validation, about_guard, about_plans, about_storage, about_cleaning, about_scores,
    about_pacing, about_stages, about_files,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """What is told of a run: the page, and the parts of it that are also shown elsewhere."""

    html: str
    title: str
    lines: tuple[Line, ...]
    controls: Table
    claims: tuple[Table, ...]
    figures: tuple[Figure, ...]


def make(facts: Facts, *, draws: bool = True) -> Page:
    """Make the page of a run and what else is told of it."""
    outcome, tone = summary.outcome(facts)
    controls, lines = control_table(facts), summary.five_lines(facts)
    drawn = figures(facts) if draws else ()
    title = f"{summary.title(facts)}: {outcome.lower()}"
    html = _template().render(
        title=title,
        flow=summary.title(facts),
        outcome=outcome,
        tone=tone.value,
        run_id=words.told(facts.run.get("run_id")),
        started=words.time(facts.run.get("started")),
        message=facts.run.get("message") or "",
        lines=lines,
        controls=controls,
        note=NOTE,
        figures=drawn,
        sections=_sections(facts),
        version=__version__,
        style=_style(),
    )
    return Page(html, title, lines, controls, claims_of(facts), drawn)


def _sections(facts: Facts) -> list[Section]:
    return [section for tell in _SECTIONS if (section := tell(facts)) is not None]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reseal.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


@cache
def _style() -> str:
    return (files("reseal.report") / "page.css").read_text(encoding="utf-8")
