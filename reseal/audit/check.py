"""Check a run's excerpt of the audit log by itself: no database, no key."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from reseal.audit.excerpt import FORMAT
from reseal.audit.link import Head, digest, link
from reseal.audit.spelling import spelled
from reseal.errors import EvidenceError

_WORDS = {"format", "run", "chain", "events", "previous", "head"}
_SHOWN = {"event", "previous", "hash"}
_HIDDEN = {"digest"}
_BODY = {"id", "at", "run", "by", "actor", "account", "role", "action", "detail"}


def check(export: Any) -> list[str]:
    """Return what is wrong with an excerpt, in sentences; nothing where it is as it was written."""
    try:
        return list(_faults(_known(export)))
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        return ["it is not an excerpt of an audit log"]


def head_of(export: Any) -> Head:
    """Return the head that the log had; raise EvidenceError where there is none."""
    try:
        return _head(export["head"])
    except (TypeError, ValueError, LookupError, AttributeError):
        raise EvidenceError("it is not an excerpt of an audit log") from None


def _known(export: dict[str, Any]) -> dict[str, Any]:
    if export.keys() != _WORDS or spelled(export["format"]) != spelled(FORMAT):
        raise ValueError("unknown form")
    if str(UUID(export["run"])) != export["run"] or type(export["events"]) is not int:
        raise ValueError("not as it is written")
    if type(export["chain"]) is not list:
        raise ValueError("no chain")
    return export


def _faults(export: dict[str, Any]) -> Iterator[str]:
    begin, chain = _head(export["previous"]), export["chain"]
    shown, before, first = 0, bytes.fromhex(begin.hash), (begin.events or 0) + 1
    for number, entry in enumerate(chain, first):
        if entry.keys() == _HIDDEN:
            before = link(before, _bytes(entry["digest"]))
            continue
        shown += 1
        yield from _of_event(number, before, entry, export["run"])
        before = _bytes(entry["hash"])
    if shown != export["events"]:
        yield f"it shows {shown} events of the run and had {export['events']}"
    if Head(first - 1 + len(chain), before.hex()) != _head(export["head"]):
        yield "it does not lead to the head of the log that it names"


def _of_event(number: int, before: bytes, entry: dict[str, Any], run_id: str) -> Iterator[str]:
    body, previous = entry["event"], _bytes(entry["previous"])
    if entry.keys() != _SHOWN or body.keys() != _BODY:
        raise ValueError("unknown form")
    if previous != before:
        yield f"event {number} does not follow from what stands before it"
    if link(previous, digest(spelled(body))) != _bytes(entry["hash"]):
        yield f"event {number} was changed"
    elif body["id"] != number:
        yield f"event {body['id']} stands in the place of event {number}"
    elif run_id not in (body["run"], body["by"]):
        yield f"event {number} is not of the run"


def _head(said: dict[str, Any]) -> Head:
    if said.keys() != {"event", "hash"} or type(said["event"]) is not int:
        raise ValueError("not a head")
    return Head(said["event"], _bytes(said["hash"]).hex())


def _bytes(text: str) -> bytes:
    found = bytes.fromhex(text)
    # There is one spelling.
    if found.hex() != text or len(found) != 32:
        raise ValueError("not a digest")
    return found
