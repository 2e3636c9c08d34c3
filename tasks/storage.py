"""What the tables take on disk, before and after a run."""

from contextlib import suppress
from typing import Literal

from reseal import storage
from reseal.errors import ResealError
from tasks.run import Run


def measure_storage(run: Run, when: Literal["before", "after"]) -> None:
    """Measure the tables of all fields whose rows were counted; a run can do without."""
    for field in run.fields:
        result = run.result.fields.get(field.name)
        census = result and (result.before if when == "before" else result.after)
        if not census:
            continue
        with suppress(ResealError):
            target = run.access.target(run.store, field.name)
            measured = storage.measure(run.store, target, census)
            run.storage.setdefault(field.name, {})[when] = measured.as_dict()
    if run.storage:
        run.evidence.write("storage", run.storage)
