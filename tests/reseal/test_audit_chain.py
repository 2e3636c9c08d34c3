"""Walking along the chain: every edit is found and named, and none is where there was none."""

import json
import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseal.audit.chain import Stored, Walk
from reseal.audit.link import EMPTY, Head
from reseal.errors import ConfigurationError
from tests.reseal.chaining import OTHER, body_of, chained, head_of

seeds = st.integers(0, 2**64 - 1)
lengths = st.integers(1, 12)


def bodies(count: int) -> list[dict[str, Any]]:
    return [body_of(number) for number in range(1, count + 1)]


def said(events: list[Stored], *noted: Head) -> list[str]:
    walk = Walk(dict.fromkeys(noted, "")).along(events)
    assert walk.holds is (not walk.faults)
    return [fault.said for fault in walk.faults]


@dataclass
class Forger:
    """Who edits a chain as somebody can that owns the database, in a way the dice choose."""

    dice: random.Random
    events: list[Stored]

    def edits(self) -> list[Stored]:
        """The chain after one edit."""
        return list(self.dice.choice(self.ways)())

    @property
    def ways(self) -> list[Any]:
        ways = [self.changes, self.breaks_a_link, self.deletes, self.inserts, self.rewrites]
        return [*ways, self.swaps, self.swaps_numbers] if len(self.events) > 1 else ways

    def changes(self) -> list[Stored]:
        """One word of one event, whose hash is left or made anew."""
        at = self.dice.randrange(len(self.events))
        body = json.loads(self.events[at].body)
        word = self.dice.choice(sorted(body))
        body[word] = 0 if word == "id" else f"{body[word]}x"
        edited = chained([body])[0]._replace(event_id=self.events[at].event_id)
        one = self.events[at]._replace(body=edited.body)
        if self.dice.random() < 0.5:
            return self._with(at, one)
        anew = chained([*self._bodies()[:at], json.loads(one.body)])[-1]
        return self._with(at, anew._replace(event_id=one.event_id))

    def breaks_a_link(self) -> list[Stored]:
        """A bit of a hash, or of the hash before."""
        at, word = self.dice.randrange(len(self.events)), self.dice.choice(["previous", "hash"])
        value = bytearray(getattr(self.events[at], word))
        value[self.dice.randrange(32)] ^= 1 << self.dice.randrange(8)
        links: dict[str, Any] = {word: self.dice.choice([bytes(value), value[:-1], b"", None])}
        return self._with(at, self.events[at]._replace(**links))

    def deletes(self) -> list[Stored]:
        first = self.dice.randrange(len(self.events))
        last = self.dice.randint(first + 1, len(self.events))
        return self.events[:first] + self.events[last:]

    def inserts(self) -> list[Stored]:
        """An event more, for which those behind it make room, or do not."""
        at = self.dice.randrange(len(self.events))
        if self.dice.random() < 0.5:
            return self.events[: at + 1] + self.events[at:]
        more = self._bodies()
        more.insert(at, body_of(0, actor="eve"))
        return chained([{**body, "id": number} for number, body in enumerate(more, start=1)])

    def rewrites(self) -> list[Stored]:
        """All from some event on, with every link as it should be."""
        at = self.dice.randrange(len(self.events))
        return chained(
            [{**body, "actor": "eve"} if body["id"] > at else body for body in self._bodies()]
        )

    def swaps(self) -> list[Stored]:
        """Two events, each with its number."""
        one, other = self.dice.sample(range(len(self.events)), 2)
        events = list(self.events)
        events[one], events[other] = events[other], events[one]
        return events

    def swaps_numbers(self) -> list[Stored]:
        one, other = self.dice.sample(range(len(self.events)), 2)
        events = list(self.events)
        events[one] = self.events[other]._replace(event_id=self.events[one].event_id)
        events[other] = self.events[one]._replace(event_id=self.events[other].event_id)
        return events

    def _bodies(self) -> list[dict[str, Any]]:
        return [json.loads(event.body) for event in self.events]

    def _with(self, at: int, event: Stored) -> list[Stored]:
        return [*self.events[:at], event, *self.events[at + 1 :]]


@settings(max_examples=500)
@given(length=lengths, seed=seeds)
def test_any_edit_is_found_by_the_head_that_was_noted(length, seed):
    events = chained(bodies(length))
    edited = Forger(random.Random(seed), events).edits()

    assert edited != events
    assert said(edited, head_of(events)) != []


@given(length=lengths, grown=st.integers(0, 5), seed=seeds)
def test_what_has_only_grown_is_not_accused(length, grown, seed):
    before, now = chained(bodies(length)), chained(bodies(length + grown))
    at = random.Random(seed).randrange(length)

    heads = [EMPTY, head_of(before), head_of(now), head_of(before[: at + 1])]
    assert said(now, *heads, *(Head(None, head.hash) for head in heads)) == []


CHAIN = chained(bodies(12))
EDITED = Stored(12, CHAIN[11].body.replace("ada", "eve"), *CHAIN[11][2:])
ANEW = chained([*bodies(7), body_of(8, actor="eve")])[7]


@pytest.mark.parametrize(
    ("events", "first"),
    [
        ([*CHAIN[:11], EDITED], "event 12 was changed"),
        ([*CHAIN[:7], *CHAIN[9:]], "events 8 to 9 are missing"),
        ([*CHAIN[:7], *CHAIN[8:]], "event 8 is missing"),
        (CHAIN[3:], "events 1 to 3 are missing"),
        ([*CHAIN[:7], ANEW, *CHAIN[8:]],
         "event 9 does not follow from event 8: one of them was changed"),
        ([*CHAIN[:8], *CHAIN[7:]], "event 8 stands there twice"),
        ([CHAIN[0]._replace(previous=bytes(31) + b"x"), *CHAIN[1:]], "event 1 was changed"),
    ],
)  # fmt: skip
def test_the_first_that_is_broken_is_named(events, first):
    assert said(events)[0] == first


def test_an_event_that_was_hashed_anew_is_told_once():
    assert len(said([*CHAIN[:7], ANEW, *CHAIN[8:]])) == 1


def test_of_an_end_that_is_missing_only_a_head_knows():
    noted = head_of(CHAIN)

    assert said(CHAIN[:10]) == []
    assert said(CHAIN[:10], noted) == [
        "the log ends with event 10, before event 12, whose head was noted"
    ]
    assert said(CHAIN[:10], Head(None, noted.hash)) == [
        "no event has the head that was noted: the log ends before it, or was rewritten"
    ]
    assert said([], noted) == ["the log ends with event 0, before event 12, whose head was noted"]


def test_a_head_of_an_event_that_is_missing_is_told_as_that():
    events = [*CHAIN[:7], *CHAIN[9:]]

    assert said(events, head_of(CHAIN[:8])) == [
        "events 8 to 9 are missing",
        "event 8, whose head was noted, is missing",
    ]


def test_of_a_log_that_was_written_anew_only_a_head_knows():
    anew = chained([{**body, "by": OTHER} for body in bodies(12)])

    assert said(anew) == []
    walk = Walk({head_of(CHAIN): "by run 7"}).along(anew)
    assert walk.faults == [
        (12, "event 12 is not the one whose head was noted by run 7: the log was rewritten")
    ]


def test_of_many_faults_the_first_are_kept_and_all_are_counted():
    walk = Walk().along(event._replace(hash=b"x" * 32) for event in chained(bodies(100)))

    assert (len(walk.faults), walk.count) == (20, 100)


@pytest.mark.parametrize("text", [str(head_of(CHAIN)), head_of(CHAIN).hash, f" {EMPTY}\n"])
def test_a_head_is_read_as_it_is_printed(text):
    assert str(Head.parse(text)) == text.strip()


@pytest.mark.parametrize("text", ["", "12", "12:", "12:ab", "x" * 64, f"-1:{EMPTY.hash}"])
def test_what_is_no_head_is_one_sentence(text):
    with pytest.raises(ConfigurationError, match="is not a head of the audit log"):
        Head.parse(text)
