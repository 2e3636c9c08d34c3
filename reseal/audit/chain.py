"""Walk along the whole chain, event by event, and say where it is broken."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from reseal.audit.link import GENESIS, Head, digest, link

_MOST_FAULTS = 20


class Stored(NamedTuple):
    """An event as the database has it: its number, its spelling, its two links."""

    event_id: int
    body: str
    previous: bytes | None
    hash: bytes | None


class Fault(NamedTuple):
    """What is wrong, in a sentence, and with which event; None for the log as a whole."""

    event: int | None
    said: str


@dataclass
class Walk:
    """What is known of a chain so far; it needs no more memory however long the chain is.

    `noted` has the heads that were noted elsewhere, and where that was.
    """

    noted: Mapping[Head, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        """Begin before the first event; sort the heads by what they are known by."""
        self._last, self._link = 0, GENESIS
        self._by_hash = {head.hash: head for head in self.noted if head.events is None}
        self._by_event: dict[int, list[Head]] = {}
        for head in self.noted:
            if head.events is not None:
                self._by_event.setdefault(head.events, []).append(head)

    @property
    def holds(self) -> bool:
        """Whether nothing was found that is wrong."""
        return not self.count

    @property
    def head(self) -> Head:
        """The head of what was walked so far."""
        return Head(self._last, self._link.hex())

    def along(self, events: Iterable[Stored]) -> "Walk":
        """Walk to the end of the chain and hold it against the noted heads."""
        self._compare()
        for event in events:
            for fault in self._faults(event):
                self.tell(fault)
            self._last, self._link = event.event_id, event.hash or b""
            self._compare()
        for said in self._missing():
            self.tell(Fault(None, said))
        return self

    def tell(self, fault: Fault) -> None:
        """Count a fault; the first ones are kept."""
        self.count += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(fault)

    def _faults(self, event: Stored) -> Iterator[Fault]:
        number, is_next = event.event_id, event.event_id == self._last + 1
        if not is_next:
            yield _gap(self._last, number)
        if link(event.previous or b"", digest(event.body)) != event.hash:
            yield Fault(number, f"event {number} was changed")
        elif is_next and event.previous != self._link:
            yield Fault(number, _strange(number))

    def _compare(self) -> None:
        if not (self._by_event or self._by_hash):
            return
        here = self.head
        self._by_hash.pop(here.hash, None)
        for noted in self._by_event.pop(self._last, ()):
            if noted.hash != here.hash:
                said = f"event {self._last} is not the one whose head was noted"
                self.tell(Fault(self._last, f"{said}{self._where(noted)}: the log was rewritten"))

    def _missing(self) -> Iterator[str]:
        for number, heads in sorted(self._by_event.items()):
            for noted in heads:
                named = f"event {number}, whose head was noted{self._where(noted)}"
                ends = f"the log ends with event {self._last}, before {named}"
                yield ends if number > self._last else f"{named}, is missing"
        for noted in self._by_hash.values():
            said = f"no event has the head that was noted{self._where(noted)}"
            yield f"{said}: the log ends before it, or was rewritten"

    def _where(self, noted: Head) -> str:
        return f" {self.noted[noted]}".rstrip()


def _gap(before: int, number: int) -> Fault:
    if number <= before:
        return Fault(number, f"event {number} stands there twice")
    first, last = before + 1, number - 1
    one = f"event {first} is missing"
    return Fault(first, one if first == last else f"events {first} to {last} are missing")


def _strange(number: int) -> str:
    if number == 1:
        return "event 1 was changed"
    return f"event {number} does not follow from event {number - 1}: one of them was changed"
