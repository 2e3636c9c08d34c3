"""What a person asks of runs that are at work: pause, go on, stop, or stop at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from reseal.audit.action import Action
from reseal.errors import Refused
from reseal.store import control, event
from reseal.store.control import Held, Request
from reseal.store.event import Event
from reseal.store.store import Store


class Wish(StrEnum):
    """What can be asked."""

    PAUSE = "pause"
    """Wait when the batch is committed, with no transaction open; keep the fields."""
    RESUME = "resume"
    """Go on after a pause."""
    STOP = "stop"
    """End when the batch is committed; the same command goes on later."""
    PANIC = "panic"
    """Cancel at once whatever the run is doing in the database, and stop."""


_REQUESTS = {
    Wish.PAUSE: Request.PAUSE,
    Wish.RESUME: None,
    Wish.STOP: Request.STOP,
    Wish.PANIC: Request.STOP,
}
_ACTIONS = {
    Wish.PAUSE: Action.PAUSE_ASKED,
    Wish.RESUME: Action.RESUME_ASKED,
    Wish.STOP: Action.STOP_ASKED,
    Wish.PANIC: Action.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a run, for which of its fields, and how many statements were cancelled."""

    run_id: UUID
    fields: tuple[str, ...]
    cancelled: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it as the command line prints it."""
        run = {"run_id": str(self.run_id), "fields": list(self.fields)}
        return {**run, "cancelled": self.cancelled}


def ask(store: Store, wish: Wish, names: Iterable[str], actor: str) -> list[Asked]:
    """Ask every run that holds one of the fields, or any run where none is named.

    Raise Refused where no run is at work on them. A run hears it within a second.
    """
    wanted = frozenset(names)
    held = [one for one in control.held(store) if not wanted or one.field in wanted]
    asked = [_ask(store, wish, run_id, held, actor) for run_id in _runs(held)]
    found = [one for one in asked if one.fields]
    if not found:
        raise Refused(f"no run is at work{_on(wanted)}; see `reseal status`")
    return found


def _runs(held: list[Held]) -> list[UUID]:
    return list(dict.fromkeys(one.run_id for one in held))


def _ask(store: Store, wish: Wish, run_id: UUID, held: list[Held], actor: str) -> Asked:
    with store.transaction():
        mine = [one for one in held if one.run_id == run_id]
        fields = tuple(
            one.field for one in mine if control.request(store, one, _REQUESTS[wish], actor)
        )
        if fields:
            detail = {"fields": list(fields)}
            event.append(store, Event(run_id, actor, _ACTIONS[wish], detail))
    # The wish is committed by now, so that nothing begins anew what is cancelled here.
    cancelled = control.cancel(store, run_id) if fields and wish is Wish.PANIC else 0
    return Asked(run_id, fields, cancelled)


def _on(names: frozenset[str]) -> str:
    return f" on {', '.join(sorted(names))}" if names else ""
