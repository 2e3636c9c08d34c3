"""Both scores and the advice at the end of a run, in its evidence and in Prefect."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from reseal.census import Census
from reseal.scores.finding import Unknown
from reseal.scores.last_verified import verified_in
from reseal.scores.reading import Verified
from reseal.scores.take import take_scores
from reseal.unexpected import scrubbed
from tasks import artifacts
from tasks.run import Run

# Other runs look at less than all that the scores are about.
_SCORED = frozenset({"encrypt_secrets", "rotate_keys", "verify_secrets"})

_NOT_COUNTED = Unknown("this run did not count its rows; `reseal score` does")


def write_scores(run: Run) -> None:
    """Write the scores, or why there are none: for want of them no run fails."""
    if run.result.flow not in _SCORED:
        return
    try:
        document = _taken(run)
    except Exception as error:
        document = {"missing": str(scrubbed(error))}
    run.evidence.write("scores", document)
    artifacts.publish_scores(document)


def _taken(run: Run) -> dict[str, Any]:
    names = [field.name for field in run.fields]
    registered = [field.name for field in run.access.config.fields]
    counted = {name: _counted(run, name) for name in registered}
    scores = take_scores(run.access, run.store, names, _verified(run, names), counted)
    return {"fields": names, **scores.as_dict()}


def _counted(run: Run, name: str) -> Census | Unknown:
    """Return what a field's rows hold now, as far as the run has counted them."""
    result = run.result.fields.get(name)
    if result is None:
        return _NOT_COUNTED
    # What was counted first still is so, where nothing was written since.
    return result.after or (None if run.records else result.before) or _NOT_COUNTED


def _verified(run: Run, names: list[str]) -> dict[str, Verified]:
    """Return what this run found when it opened every envelope, by field."""
    validations = {name: _validation(run, name) for name in names}
    return verified_in(validations, datetime.now(UTC))


def _validation(run: Run, name: str) -> Any:
    with suppress(OSError, ValueError):
        return json.loads((run.evidence.directory / f"validation-{name}.json").read_bytes())
    return None
