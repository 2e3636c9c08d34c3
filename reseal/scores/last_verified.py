"""When envelopes were last opened, as the evidence of runs has it: a verification writes no row."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from reseal.errors import EvidenceError
from reseal.evidence.bundle import Bundle, read_bundle
from reseal.evidence.head import HEAD, last_named
from reseal.evidence.shelf import Shelf
from reseal.evidence.statement import Link
from reseal.judge import TROUBLES
from reseal.scores.reading import Verified

# Further back than this a verification is too old to count for much.
_MOST_BUNDLES = 30


def last_verified(shelf: Shelf, names: Iterable[str]) -> dict[str, Verified]:
    """Return by field what the latest bundles say of it, from the head of the chain backwards.

    Nothing is checked here; `reseal evidence verify` does that.
    """
    missing, found = set(names), dict[str, Verified]()
    for bundle in _backwards(shelf):
        seen = verified_in(bundle.facts.get("validation"), _finished(bundle.facts))
        found |= {name: seen[name] for name in missing & seen.keys()}
        missing -= seen.keys()
        if not missing:
            break
    return found


def _backwards(shelf: Shelf) -> Iterator[Bundle]:
    link = _head(shelf)
    for _ in range(_MOST_BUNDLES):
        # What nobody has checked must not lead out of the shelf.
        if link is None or not _is_run_id(link.run_id):
            return
        bundle = read_bundle(shelf, link.run_id)
        yield bundle
        link = bundle.previous


def verified_in(validation: Any, at: datetime | None) -> dict[str, Verified]:
    """Return by field how many envelopes a validation found broken, as a run has written it."""
    if not isinstance(validation, dict) or at is None:
        return {}
    broken = {name: _broken(one) for name, one in validation.items()}
    return {name: Verified(rows, at) for name, rows in broken.items() if rows is not None}


def _broken(one: Any) -> int | None:
    """Count rows that did not open and that nobody accepted; None where nothing was opened."""
    with suppress(LookupError, TypeError, ValueError):
        return sum(
            int(fact["rows"])
            for fact in one["facts"]
            if fact["verdict"] in TROUBLES and not fact["accepted"]
        )
    return None


def _finished(facts: Mapping[str, Any]) -> datetime | None:
    with suppress(LookupError, TypeError, ValueError):
        at = datetime.fromisoformat(facts["run"]["finished"])
        return at if at.tzinfo else None
    return None


def _is_run_id(name: object) -> bool:
    with suppress(ValueError):
        return isinstance(name, str) and str(UUID(name)) == name
    return False


def _head(shelf: Shelf) -> Link | None:
    with suppress(EvidenceError):
        return last_named(shelf.read(HEAD))
    return None
