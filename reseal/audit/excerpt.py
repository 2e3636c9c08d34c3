"""The part of the log that a run's evidence carries, and its check without a database.

It begins with the run's first event and ends with the last event of the log at that time. Events
of others in between stand there by their digest alone: enough to follow the chain to the head,
and nothing that the reader of this run's evidence would learn.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from uuid import UUID

from reseal.audit.chain import Stored
from reseal.audit.link import EMPTY, Head, digest
from reseal.store import event
from reseal.store.store import Store

FORMAT = 1


class Exported(NamedTuple):
    """How many events of the run were written, and the head of the log at that time."""

    events: int
    head: Head


def export(store: Store, run_id: UUID, path: Path) -> Exported:
    """Write the run's part of the log, whole or not at all.

    It is one query, so that writers meanwhile do not matter.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with store.transaction(), part.open("w", encoding="utf-8") as file:
            first = event.first_of(store, run_id)
            # The one before it, for where the chain stands there.
            done = write(file, run_id, first, event.links(store, first - 1))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return done


def write(file: TextIO, run_id: UUID, first: int, stored: Iterable[Stored]) -> Exported:
    """Write what begins with an event, and was stored from the one before it to the last."""
    begin = head = EMPTY
    count, separator = 0, "\n"
    file.write(f'{{"format": {FORMAT}, "run": "{run_id}", "chain": [')
    for one in stored:
        head = Head(one.event_id, (one.hash or b"").hex())
        if one.event_id < first:
            begin = head
            continue
        is_ours = _is_of(json.loads(one.body), str(run_id))
        count += is_ours
        file.write(separator + (_shown(one) if is_ours else _hidden(one)))
        separator = ",\n"
    ends = {"events": count, "previous": _said(begin), "head": _said(head)}
    file.write(f"\n], {json.dumps(ends)[1:]}\n")
    return Exported(count, head)


def _is_of(body: dict[str, Any], run_id: str) -> bool:
    return run_id in (body["run"], body["by"])


def _shown(one: Stored) -> str:
    previous, this = (one.previous or b"").hex(), (one.hash or b"").hex()
    return f'{{"event": {one.body}, "previous": "{previous}", "hash": "{this}"}}'


def _hidden(one: Stored) -> str:
    return f'{{"digest": "{digest(one.body).hex()}"}}'


def _said(head: Head) -> dict[str, Any]:
    return {"event": head.events, "hash": head.hash}
