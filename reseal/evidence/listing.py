"""The runs of a shelf by what they say of themselves: little is read, and nothing is checked."""

from typing import Any

from reseal.evidence.announcement import opening_of
from reseal.evidence.bundle import in_order, read_bundle
from reseal.evidence.contents import contents
from reseal.evidence.manifest import FORMAT
from reseal.evidence.shelf import Shelf

_WORDS = ("run_id", "flow", "mode", "outcome", "started", "finished")
_OF_OPENING = ("parameters", "operator", "code", "configuration", "server")


def listing(shelf: Shelf) -> list[dict[str, Any]]:
    """Return a line a run, in the order of the chain; those that are not closed come last."""
    found = contents(shelf)
    closed = in_order(read_bundle(shelf, name) for name in sorted(found.files))
    lines = [_line(each.facts, each.link.sha256 if each.link else None) for each in closed]
    return lines + [_line(so_far(name, opening_of(shelf, name)), None) for name in found.open]


def so_far(name: str, opening: dict[str, Any]) -> dict[str, Any]:
    """Return what a manifest would say of a run that is not closed, by what it began with."""
    return {
        "format": FORMAT,
        "run": {
            "run_id": name,
            **{word: opening.get(word) for word in ("flow", "mode", "started")},
            "outcome": "open",
            "message": "not closed: the run is under way, or was killed and the next one closes it",
            **dict.fromkeys(("exit_code", "finished", "seconds")),
        },
        **{word: opening.get(word) for word in _OF_OPENING},
        "keys": {"before": opening.get("keys"), "after": None},
        **dict.fromkeys(("previous", "ledger")),
        "sha256": {},
    }


def _line(facts: dict[str, Any], sha256: str | None) -> dict[str, Any]:
    run = facts.get("run")
    said = run if isinstance(run, dict) else {}
    return {
        **{word: said.get(word) for word in _WORDS},
        "operator": facts.get("operator"),
        "sha256": sha256,
    }
