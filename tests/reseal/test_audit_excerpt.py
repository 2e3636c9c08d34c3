"""The part of the log that a run's evidence carries: checked by itself, edited and untouched."""

import json
import random
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reseal.audit.action import Action
from reseal.audit.check import check, head_of
from reseal.audit.excerpt import export, write
from reseal.audit.link import EMPTY
from reseal.audit.verify import verify_log
from reseal.errors import EvidenceError
from reseal.store.event import Event, append
from reseal.store.store import Store
from tests.reseal.chaining import body_of, chained
from tests.reseal.test_event import details, texts

RUN, OTHER = UUID(int=7), UUID(int=9)
DETAIL = {
    "rows": 3,
    "share": 0.25,
    "small": 1e-07,
    "why": 'a "quarrel"\n\u20ac\U0001f511',
    "of": [],
}
many = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def log(store: Store) -> Store:
    """Events of two runs, and of a command that is about one of them."""
    for run_id in (OTHER, RUN, RUN, OTHER, RUN, OTHER):
        append(store, Event(run_id, "ada", Action.SEALED, DETAIL, run_id))
    append(store, Event(RUN, "grace", Action.BACKUP_SHREDDED, {"rows": {"users": 3}}))
    append(store, Event(OTHER, "ada", Action.RUN_FINISHED, {}, OTHER))
    return store


def exported(log: Store, directory: Path, run_id: UUID = RUN) -> dict[str, Any]:
    path = directory / "audit.json"
    done = export(log, run_id, path)
    document = json.loads(path.read_text())
    assert (done.events, done.head) == (document["events"], head_of(document))
    return dict(document)


def test_it_has_what_concerns_the_run_and_of_others_nothing_but_a_digest(log, tmp_path):
    document = exported(log, tmp_path)

    shown = [entry["event"]["action"] if "event" in entry else None for entry in document["chain"]]
    assert shown == ["sealed", "sealed", None, "sealed", None, "backup shredded", None]
    assert document["events"] == 4
    assert str(OTHER) not in json.dumps(document)
    assert head_of(document) == verify_log(log).head
    assert check(document) == []


def test_of_a_run_without_an_event_it_has_the_head_alone(log, tmp_path):
    document = exported(log, tmp_path, uuid4())

    assert (document["chain"], document["previous"]) == ([], document["head"])
    assert check(document) == []


def test_it_may_begin_with_the_first_event_of_all(log, tmp_path, admin):
    first = admin.execute("SELECT correlation FROM reseal.event WHERE event_id = 1").fetchone()[0]
    document = exported(log, tmp_path, first)

    assert document["previous"] == {"event": 0, "hash": EMPTY.hash}
    assert check(document) == []


@settings(max_examples=60, deadline=None)
@given(
    said=st.lists(st.tuples(st.sampled_from([RUN, OTHER]), details, texts), max_size=4),
    first=st.integers(1, 5),
)
def test_whatever_it_says_it_is_not_accused(said, first):
    events = chained(
        [
            body_of(number, run=str(run_id), by=str(OTHER), detail=detail, actor=actor)
            for number, (run_id, detail, actor) in enumerate(said, start=1)
        ]
    )
    first = min(first, len(events) + 1)
    file = StringIO()
    write(file, RUN, first, events[max(0, first - 2) :])

    assert check(json.loads(file.getvalue())) == []


@many
@given(seed=st.integers(0, 2**64 - 1))
def test_any_edit_of_it_is_found(log, tmp_path, seed):
    document = _once(log, tmp_path)
    edited = deepcopy(document)
    edit(edited, random.Random(seed))

    assert json.dumps(edited) != json.dumps(document)
    assert check(edited) != []


def test_what_was_changed_is_named(log, tmp_path):
    document = exported(log, tmp_path)
    begin = document["previous"]["event"]

    edited = deepcopy(document)
    edited["chain"][1]["event"]["actor"] = "eve"
    assert check(edited) == [f"event {begin + 2} was changed"]
    edited = deepcopy(document)
    edited["chain"][2]["digest"] = "0" * 64
    assert check(edited) == [f"event {begin + 4} does not follow from what stands before it"]
    edited = deepcopy(document)
    del edited["chain"][2:]
    assert check(edited) == [
        "it shows 2 events of the run and had 4",
        "it does not lead to the head of the log that it names",
    ]


@pytest.mark.parametrize(
    "document", [None, [], "x", 1, {}, {"head": "x"}, {"format": 1, "run": 1, "chain": 1}]
)
def test_what_is_no_excerpt_is_one_sentence(document):
    assert check(document) == ["it is not an excerpt of an audit log"]
    with pytest.raises(EvidenceError):
        head_of(document)


_made: dict[Path, dict[str, Any]] = {}


def _once(log: Store, directory: Path) -> dict[str, Any]:
    if directory not in _made:
        _made[directory] = exported(log, directory)
    return _made[directory]


def edit(document: dict[str, Any], dice: random.Random) -> None:
    """Change one value, or take away, double or exchange one member, anywhere in a document."""
    spots = list(_spots(document))
    while True:
        holder, at = dice.choice(spots)
        before = json.dumps(holder)
        dice.choice([_replace, _remove, _double, _exchange])(holder, at, dice)
        if json.dumps(holder) != before:
            return


def _spots(value: Any) -> Any:
    """Every place in a document: what holds it, and where in it."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for at, member in members:
        yield value, at
        if isinstance(member, dict | list):
            yield from _spots(member)


def _replace(holder: Any, at: Any, dice: random.Random) -> None:
    was = holder[at]
    others: list[Any] = [None, True, 0, [], {}, "", str(was), f"{was} "]
    if isinstance(was, str) and was:
        spot = dice.randrange(len(was))
        others += [was[:spot] + dice.choice("0aZ\u20ac") + was[spot + 1 :], was.upper()] * 4
    if isinstance(was, int | float):
        others += [was + 1, -was, float(was), was + 0.5]
    holder[at] = dice.choice(others)


def _remove(holder: Any, at: Any, dice: random.Random) -> None:
    del holder[at]


def _double(holder: Any, at: Any, dice: random.Random) -> None:
    if isinstance(holder, list):
        holder.insert(at, deepcopy(holder[at]))
    else:
        holder[f"{at}x"] = deepcopy(holder[at])


def _exchange(holder: Any, at: Any, dice: random.Random) -> None:
    other = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    holder[at], holder[other] = holder[other], holder[at]
