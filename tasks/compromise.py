"""Report what a compromised key has exposed, before anything is resealed."""

from collections.abc import Iterator
from typing import Any

from reseal import compromise
from reseal.audit.action import Action
from reseal.errors import FieldError
from reseal.store import data_key
from tasks.run import current
from tasks.step import step


@step(name="mark compromised", task_run_name="mark key {version} compromised")
def mark_compromised(version: int) -> None:
    """Record that others know a key, so that it never seals again."""
    run = current()
    with run.store.transaction():
        data_key.mark_compromised(run.store, version)
        run.note(Action.KEY_COMPROMISED, key_version=version)


@step(name="list exposed", task_run_name="list whom key {version} exposed in {field}")
def list_exposed(field: str, version: int) -> dict[str, Any]:
    """Write the list of users that are to enrol anew into the evidence; return how many."""
    run = current()
    counts = {compromise.UNDER_IT: 0, compromise.WAS_UNDER_IT: 0}
    try:
        target = run.access.target(run.store, field)
    except FieldError as error:
        # The others' keys are replaced all the same, and at once.
        return {"not_looked_at": str(error), **counts}

    def rows() -> Iterator[list[str]]:
        for one in compromise.exposed(run.store, target, version):
            counts[one.why] += 1
            yield [*one.key, one.why]

    heading = [*(column.name for column in target.key), "why"]
    path = run.evidence.write_table(f"re-enrol-{field}", heading, rows())
    return {"file": path.name, **counts}
