"""What a command claims by how it ends, held against the table."""

import json
from typing import Any

from reseal.envelope import Envelope
from tests.chaos.desk import is_plain
from tests.chaos.judge import Standing
from tests.chaos.round import Command
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene, is_sealed

# When a run had looked at its last row. Whoever was not done then, and was not written by the
# application since, was not done either when the run counted for the last time.
SWEPT = """
SELECT extract(epoch FROM max(written))::float8 FROM reseal.batch WHERE run_id::text = %s
"""

ACTIVE = "SELECT version FROM reseal.data_key WHERE state = 'active'"

_WELL = (0, 4)

_CODES = {"done": 0, "failed": 1, "refused": 3, "partial": 4, "rolled_back": 5, "stopped": 6}


def document(ended: Ended) -> dict[str, Any]:
    """Return the JSON document that a command printed; {} where it printed none."""
    try:
        found: dict[str, Any] = json.loads(ended.out)
    except ValueError:
        return {}
    return found


def undone(scene: Scene, command: Command, ended: Ended, standing: Standing) -> int:
    """Count the rows that a command has left undone and does not tell of, though it ended well."""
    told = document(ended)
    if ended.code not in _WELL and told.get("outcome") not in ("done", "partial"):
        return 0
    swept = scene.ask(SWEPT, told.get("run_id", ""))
    if swept is None:
        # It claims to have done something and has no record of it.
        return len(standing.stored)
    active = scene.ask(ACTIVE)
    left = sum(
        _is_undone(command, text, active)
        for key, text in standing.stored.items()
        if text and standing.written.get(key, 0) < swept
    )
    return max(0, left - _told_of(command, told, active))


def _is_undone(command: Command, text: str, active: int) -> bool:
    match command:
        case Command.ENCRYPT:
            return is_plain(text)
        case Command.ROTATE:
            return is_plain(text) or Envelope.parse(text).key_version != active
        case Command.ROLLBACK:
            return is_sealed(text)


def _told_of(command: Command, told: dict[str, Any], active: int) -> int:
    """Return how many rows a document says that are left; none where it says that all is done."""
    if told["outcome"] == "done":
        return 0
    after = told["fields"][FIELD]["after"]
    sealed = {int(version): int(rows) for version, rows in after["sealed"].items()}
    match command:
        case Command.ENCRYPT:
            return int(after["plain"])
        case Command.ROTATE:
            return int(after["plain"]) + sum(sealed.values()) - sealed.get(active, 0)
        case Command.ROLLBACK:
            return sum(sealed.values())


def unclear(ended: Ended) -> list[str]:
    """Say where a command that nobody killed does not end as it should: in one clear sentence."""
    if ended.code < 0:
        return []
    told = document(ended)
    said = []
    if not told and "Traceback" in ended.err:
        said.append(f"it printed a traceback: {ended.err[-1500:]}")
    if told and _CODES.get(told["outcome"]) != ended.code:
        said.append(f"it ended with {ended.code} and says {told['outcome']}")
    says_why = told["message"] if told else "reseal: " in ended.err
    if not says_why:
        said.append(f"it ended with {ended.code} and does not say why: {ended.err[-500:]}")
    return said
