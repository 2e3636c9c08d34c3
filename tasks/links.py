"""Where a browser finds a run, its evidence, and the pages in that."""

from pathlib import Path
from uuid import UUID

from prefect.settings import PREFECT_UI_URL

from reseal.report import PAGE
from tasks.run import Run
from tasks.urls import without_credentials

_DOCS = "*/data_docs/index.html"


def place(run: Run) -> str:
    """Return the URL of a run's bundle; of this machine's files, if nobody serves them."""
    served, kept = run.settings.evidence_link, run.result.evidence
    if served:
        return f"{served.rstrip('/')}/{run.run_id}"
    return kept if "://" in kept else Path(kept).absolute().as_uri()


def pages(run: Run) -> dict[str, str]:
    """Return the URL of each page of the bundle, by what it is."""
    found, root = {}, run.evidence.directory
    if (root / PAGE).exists():
        found["report"] = f"{place(run)}/{PAGE}"
    for docs in sorted(root.glob(_DOCS)):
        name = docs.parents[1].name
        found[f"Data Docs of {name}"] = f"{place(run)}/{docs.relative_to(root).as_posix()}"
    return found


def run_page(run_id: UUID) -> str | None:
    """Return the URL of a run's page in the Prefect UI, where Prefect knows where that is."""
    ui = PREFECT_UI_URL.value()
    if not ui:
        return None
    return f"{without_credentials(ui).rstrip('/')}/runs/flow-run/{run_id}"
