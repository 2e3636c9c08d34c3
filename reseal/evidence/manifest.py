"""The facts of a run, gathered from what it has written and what the database says at its end."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reseal.audit.link import Head
from reseal.evidence.batches import BATCHES, count, merkle_root

FORMAT = 1
OPENING = "opening"
RESULT = "run"
AUDIT = "audit.json"
SAMPLES = "samples.csv"
INTERRUPTED = "interrupted"

# What the stages write for each field, as STAGE-FIELD.json.
_STAGES = ("prepare", "backup", "guard", "optimise", "clean")


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known only when a run is over."""

    finished: datetime
    keys: list[dict[str, Any]] | None = None


def facts(directory: Path, run_id: str, ending: Ending) -> dict[str, Any]:
    """Return what a run's manifest says, but for its place in the chain and its files' digests."""
    opening = _document(directory, OPENING) or {}
    result = _document(directory, RESULT) or _interrupted(run_id, opening)
    names = list(result.get("fields") or {}) or list(opening.get("fields") or [])
    return {
        "format": FORMAT,
        "run": _run(result, opening, ending),
        "parameters": opening.get("parameters"),
        "operator": opening.get("operator"),
        "approval": _document(directory, "approval"),
        "code": opening.get("code"),
        "configuration": opening.get("configuration"),
        "server": opening.get("server"),
        "keys": {"before": opening.get("keys"), "after": ending.keys},
        "fields": result.get("fields") or {},
        "preflight": _document(directory, "preflight"),
        **{stage: _of_fields(directory, stage, names) for stage in _STAGES},
        "before_seal": _of_fields(directory, "before-seal", names),
        "before_reseal": _of_fields(directory, "before-reseal", names),
        "before_retirement": _document(directory, "before-retirement"),
        "validation": _of_fields(directory, "validation", names),
        "ledger": _ledger(directory / BATCHES),
        "pacing": _document(directory, "pacing"),
        "storage": _document(directory, "storage") or {},
        "scores": _document(directory, "scores"),
        "retirement": _document(directory, "retirement") or {},
        "samples": {"file": SAMPLES} if (directory / SAMPLES).exists() else None,
        "audit": _audit(directory / AUDIT),
        "stages": result.get("stages") or {},
    }


def _run(result: dict[str, Any], opening: dict[str, Any], ending: Ending) -> dict[str, Any]:
    words = ("run_id", "flow", "mode", "outcome", "exit_code", "message")
    started = opening.get("started")
    seconds = None
    if started:
        seconds = round((ending.finished - datetime.fromisoformat(started)).total_seconds(), 3)
    return {
        **{word: result.get(word, opening.get(word)) for word in words},
        "started": started,
        "finished": ending.finished.isoformat(),
        "seconds": seconds,
    }


def _interrupted(run_id: str, opening: dict[str, Any]) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "flow": opening.get("flow"),
        "mode": opening.get("mode"),
        "outcome": INTERRUPTED,
        "exit_code": None,
        "message": "the run ended without a word; what it had committed stands",
    }


def _of_fields(directory: Path, stage: str, names: Iterable[str]) -> dict[str, Any]:
    found = ((name, _document(directory, f"{stage}-{name}")) for name in names)
    return {name: document for name, document in found if document is not None}


def _ledger(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    content = path.read_bytes()
    return {"file": BATCHES, "batches": count(content), "merkle_root": merkle_root(content)}


def _audit(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    exported = json.loads(path.read_bytes())
    return {"file": AUDIT, "events": exported["events"], "head": audit_head(exported)}


def audit_head(exported: dict[str, Any]) -> str:
    """Return the head of the log at the end of an excerpt, as `reseal audit verify` takes it."""
    return str(Head(exported["head"]["event"], exported["head"]["hash"]))


def _document(directory: Path, name: str) -> Any:
    try:
        return json.loads((directory / f"{name}.json").read_bytes())
    except (OSError, ValueError):
        # Not written, or half written by a run that was killed.
        return None
