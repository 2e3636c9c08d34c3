"""Accept quarantined rows: a person decides that they are left as they are."""

from collections import Counter
from dataclasses import dataclass
from functools import partial

from reseal.audit.action import Action
from reseal.errors import ConfigurationError
from reseal.patience import Patience
from reseal.quarantine.choice import Choice
from reseal.quarantine.trouble import Trouble
from reseal.store import event, quarantine
from reseal.store.catalog import Target
from reseal.store.event import Event
from reseal.store.store import Store


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, who typed it, and why, in their own words."""

    approved_by: str
    actor: str
    note: str | None = None


def accept(store: Store, target: Target, choice: Choice, decision: Decision) -> Counter[Trouble]:
    """Record that rows stay as they are; return how many by class, and tell the audit log.

    Raise ConfigurationError, and change nothing, where a key is not in quarantine or no row is
    meant.
    """
    choice.need_one()
    if not decision.approved_by.strip():
        raise ConfigurationError("say who approved it, by name: --approved-by NAME")
    # A run that sets rows aside meanwhile can be in the way, or the other way round.
    return Patience().retry(partial(_accept, store, target, choice, decision))


def _accept(store: Store, target: Target, choice: Choice, decision: Decision) -> Counter[Trouble]:
    name = target.field.name
    with store.transaction():
        rows = choice.of(store, target)
        if not rows:
            raise ConfigurationError(
                f"no such row of {name} is waiting to be accepted; see `reseal quarantine list`"
            )
        classes = Counter(row.trouble for row in rows)
        if quarantine.accept(store, name, rows, decision.approved_by, decision.note) < len(rows):
            raise ConfigurationError(
                f"a run changed what is quarantined of {name} just now, so nothing was accepted; "
                "look at `reseal quarantine list` again"
            )
        detail = {
            "field": name,
            "rows": len(rows),
            "classes": {str(trouble): count for trouble, count in sorted(classes.items())},
            "approved_by": decision.approved_by,
            "note": decision.note,
        }
        event.append(store, Event(None, decision.actor, Action.QUARANTINE_ACCEPTED, detail))
    return classes
