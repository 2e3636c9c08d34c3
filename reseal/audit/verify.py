"""Verify the whole log: its chain, the heads that were noted elsewhere, what protects it."""

from collections.abc import Mapping

from reseal.audit.chain import Fault, Walk
from reseal.audit.link import Head
from reseal.store import event
from reseal.store.store import Store

# What does not stand any more, and what that lets happen.
_LETS = {
    "append_only": "events can be changed and deleted",
    "append_only_whole": "the log can be emptied",
    "chained": "events can be added that are not chained",
}


def verify_log(store: Store, noted: Mapping[Head, str] | None = None) -> Walk:
    """Walk along the chain; `noted` has heads that it must hold, and who noted each."""
    walk = Walk(noted or {})
    with store.transaction():
        walk.along(event.links(store))
    for name in event.unprotected(store):
        walk.tell(Fault(None, f"the trigger {name} is off or gone, so that {_LETS[name]}"))
    return walk
