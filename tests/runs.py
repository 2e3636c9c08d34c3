"""A run without its flow, on a test's own database, for what tasks and records do with one."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from reseal.access import Access
from reseal.evidence.directory import Evidence
from reseal.modes import Mode, effort
from reseal.result import RunResult
from reseal.settings import Settings
from reseal.store.store import Store
from tasks.run import Run


def run_of(flow: str, access: Access, store: Store, directory: Path, **given: Any) -> Run:
    """Make a run that keeps records; it has no workers and closes no bundle, unless `given`."""
    run_id = uuid4()
    others: dict[str, Any] = {"workers": None, "recording": None, **given}
    return Run(
        run_id=run_id,
        settings=Settings.of({}, directory),
        access=access,
        fields=access.config.fields,
        effort=effort(Mode.SAFE),
        store=store,
        evidence=Evidence.of(directory, run_id),
        result=RunResult(run_id, flow, "safe", str(directory)),
        actor="ada",
        watch=lambda *_: None,
        records=True,
        **others,
    )
