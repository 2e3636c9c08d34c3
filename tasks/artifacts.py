"""What a person sees in the Prefect UI: a view of the record, which is the evidence directory."""

import json
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from prefect.artifacts import (
    ImageArtifact,
    LinkArtifact,
    MarkdownArtifact,
    ProgressArtifact,
    TableArtifact,
)

from reseal.fleet import FleetResult
from reseal.preflight import Report
from reseal.report import PAGE
from reseal.result import FieldResult, RunResult
from reseal.scores.take import SCORES
from tasks.publishing import move, publish

if TYPE_CHECKING:
    from reseal.report.page import Page
    from reseal.report.table import Table


def publish_preflight(report: Report) -> None:
    """Show every check as a row of a table."""
    publish(
        TableArtifact(
            table=[check.as_dict() for check in report.checks],
            key="preflight",
            description=f"Preflight: {report.verdict}",
        )
    )


def publish_plan(words: str) -> None:
    """Show what a person is asked to approve, also after she has answered."""
    publish(
        MarkdownArtifact(
            markdown=words, key="approval-plan", description="What somebody was asked to approve"
        )
    )


def _publish_census(result: RunResult) -> None:
    """Show each field's census before and after."""
    rows = [row for name, part in result.fields.items() for row in _census_rows(name, part)]
    if rows:
        publish(TableArtifact(table=rows, key="census", description="Rows by what they hold"))


def publish_summary(result: RunResult, place: str, pages: dict[str, str]) -> None:
    """Show the outcome, the stages and where the record is: its place, and each page of it."""
    _publish_census(result)
    lines = [f"# {result.flow}: {result.outcome.value}", "", result.message, ""]
    lines += [f"- {stage}: {seconds:.1f} s" for stage, seconds in result.stages.items()]
    lines += ["", *(f"- [{name}]({url})" for name, url in pages.items())]
    lines += ["", f"Run `{result.run_id}`, mode {result.mode}, evidence in `{result.evidence}`."]
    publish(MarkdownArtifact(markdown="\n".join(lines), key="summary", description=result.message))
    publish(LinkArtifact(
        link=place, link_text="evidence", key="evidence",
        description="The directory that holds this run's record",
    ))  # fmt: skip


def publish_fleet(result: FleetResult) -> None:
    """Show what became of each target as a row of a table, then links to the runs and all as JSON.

    A cell of a table shows a link as text only.
    """
    document = result.as_dict()
    publish(TableArtifact(table=document["targets"], key="fleet", description=result.message))
    lines = [f"# {document['flow']}: {document['outcome']}", "", result.message, ""]
    lines += [f"- [{one.target}]({one.page}): {one.outcome}" for one in result.targets if one.page]
    lines += ["", "```json", json.dumps(document, indent=2), "```"]
    publish(MarkdownArtifact(markdown="\n".join(lines), key="summary", description=result.message))


def publish_scores(document: dict[str, Any]) -> None:
    """Show every term of both scores as a row of a table, or why there are none."""
    # A view that cannot be shown must not end a run: the record stands in the evidence.
    with suppress(Exception):
        rows = [
            {"score": score, **term}
            for score in SCORES
            for term in document.get(score, {}).get("terms", ())
        ]
        said = [f"{score}: {document[score]['value']}" for score in SCORES if score in document]
        publish(
            TableArtifact(
                table=rows, key="scores", description=document.get("missing") or ", ".join(said)
            )
        )


def publish_page(page: "Page", place: str) -> None:
    """Show what the page tells: its five lines, the claims, the controls and the plots.

    `place` is the URL of the run's evidence, which the page is in. Keys are the same in every
    run, so that the UI shows how each of them was in earlier runs.
    """
    # A view that cannot be shown must not end a run: the record stands in the evidence.
    with suppress(Exception):
        said = "\n".join(f"- **{line.asked}** {line.said}" for line in page.lines)
        publish(MarkdownArtifact(markdown=f"# {page.title}\n\n{said}\n", key="five-lines"))
        publish(TableArtifact(
            table=_rows_of([page.controls]), key="controls",
            description="What this run shows of controls, and what it does not",
        ))  # fmt: skip
        if page.claims:
            publish(
                TableArtifact(
                    table=_rows_of(page.claims), key="claims", description="What must be true"
                )
            )
        for figure in page.figures:
            publish(
                ImageArtifact(image_url=shown(figure.svg), key=figure.name, description=figure.says)
            )
        publish(LinkArtifact(
            link=f"{place}/{PAGE}", key="report",
            description="The page of this run",
        ))  # fmt: skip


def begin_progress(description: str) -> Any:
    """Show a progress bar and return its id, or None where the API does not take it."""
    # A bar that cannot be drawn must not end a run.
    with suppress(Exception):
        return publish(ProgressArtifact(progress=0.0, key="progress", description=description))
    return None


def show_progress(bar: Any, done: int, total: int) -> None:
    """Move a progress bar."""
    if bar is not None:
        with suppress(Exception):
            move(bar, 100.0 * done / total)


def _rows_of(tables: "Iterable[Table]") -> list[dict[str, Any]]:
    return [
        {"about": table.caption}
        | {name: cell.text for name, cell in zip(table.heading, row, strict=True)}
        for table in tables
        for row in table.rows
    ]


def shown(svg: str) -> str:
    """Return a picture as the UI shows it."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _census_rows(name: str, part: FieldResult) -> list[dict[str, Any]]:
    counted = (("before", part.before), ("after", part.after))
    rows = [
        {"field": name, "when": when, **census.as_dict(), "sealed": census.all_sealed}
        for when, census in counted
        if census
    ]
    return [row | {"changed": part.changed} if row["when"] == "after" else row for row in rows]
