"""What the audit log knows of a change of key: what it replaced, and whether it came to an end."""

from uuid import UUID, uuid4

import pytest

from reseal.audit.action import Action
from reseal.errors import ConfigurationError, Refused
from reseal.key_change import is_interrupted, need_previous
from reseal.store import data_key, event, ledger
from reseal.store.event import Event
from reseal.store.ledger import RunRecord


def run(store, action=None, outcome=None, **detail) -> UUID:
    """A rotation that said this of a key, and how it ended; None for a killed one."""
    run_id = uuid4()
    ledger.start(store, RunRecord(run_id, "rotate_keys", "safe", ("f",), None), "test")
    if action:
        event.append(store, Event(run_id, "test", action, detail))
    if outcome:
        ledger.finish(store, run_id, outcome)
    return run_id


def activated(store, version=2, previous=1, outcome=None) -> UUID:
    """A rotation that let a key take over."""
    return run(store, Action.KEY_ACTIVATED, outcome, key_version=version, previous=previous)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], False),
        ([None], True),
        (["stopped"], True),
        (["done"], False),
        (["partial"], False),
        (["failed"], False),
        ([None, None, "stopped"], True),
        ([None, "done"], False),
    ],
)
def test_a_rotation_is_interrupted_until_one_run_of_it_comes_to_an_end(store, outcomes, expected):
    for number, outcome in enumerate(outcomes):
        if number:
            run(store, Action.ROTATION_GONE_ON, outcome, key_version=2)
        else:
            activated(store, outcome=outcome)

    assert is_interrupted(store, 2, uuid4()) is expected
    assert is_interrupted(store, 1, uuid4()) is False


def test_only_what_came_since_a_key_took_over_counts_and_not_the_run_that_asks(store):
    activated(store, outcome="done")
    assert is_interrupted(store, 2, activated(store)) is False
    assert is_interrupted(store, 2, uuid4()) is True


def test_a_run_that_went_on_undoes_the_change_it_went_on_with(store, access):
    data_key.activate(store, data_key.ensure_staged(store, access.kek(), "test"))
    first = activated(store)
    second = run(store, Action.ROTATION_GONE_ON, key_version=2)

    assert need_previous(store, first) == need_previous(store, second) == 1


@pytest.mark.parametrize("detail", [None, {"key_version": 2, "previous": None}])
def test_a_run_that_changed_no_key_cannot_be_undone(store, detail):
    run_id = run(store, Action.KEY_ACTIVATED, **detail) if detail else run(store)

    with pytest.raises(ConfigurationError, match=f"run {run_id} changed no key"):
        need_previous(store, run_id)


def test_a_change_that_another_came_after_cannot_be_undone_alone(store, access):
    run_ids = [activated(store, version, version - 1) for version in (2, 3)]
    for _ in run_ids:
        data_key.activate(store, data_key.ensure_staged(store, access.kek(), "test"))

    with pytest.raises(Refused, match="key 2, which run"):
        need_previous(store, run_ids[0])
    assert need_previous(store, run_ids[1]) == 2
    data_key.mark_compromised(store, 2)
    with pytest.raises(Refused, match="was compromised"):
        need_previous(store, run_ids[1])
