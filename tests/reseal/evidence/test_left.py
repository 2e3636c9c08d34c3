"""A run whose machine is gone is missed where its bundle should be, and closed by another one."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import sleep
from typing import NamedTuple
from uuid import UUID

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from reseal.access import Access
from reseal.audit.action import Action
from reseal.errors import EvidenceError
from reseal.evidence.announcement import announce
from reseal.evidence.check import check
from reseal.evidence.closing import Closing
from reseal.evidence.directory import Evidence
from reseal.evidence.listing import listing
from reseal.evidence.opening import Begun
from reseal.evidence.recording import Recording
from reseal.evidence.shelf import OPEN, RemoteShelf
from reseal.evidence.signing_key import LocalSigningKey
from reseal.store import event
from reseal.store.session import is_connected
from reseal.store.store import Store
from tests.bundles import KEY

SHELF = RemoteShelf("memory://evidence/of/all")
LOST = UUID(int=1)

Machine = Callable[[str], Recording]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Machines by their names, which have the shelf and the database in common."""
    MemoryFileSystem.store.clear()
    config = tmp_path / "reseal.toml"
    return lambda name: Recording(Closing(SHELF, KEY), tmp_path / name, name, config, plots=False)


class Away(NamedTuple):
    """A run on another machine, and its session."""

    evidence: Evidence
    session: Store

    def is_lost(self, store: Store) -> None:
        """End the session, as the server does with those that it does not hear of any more."""
        self.session.close()
        while is_connected(store, LOST):
            sleep(0.01)


@pytest.fixture
def away(machine: Machine, access: Access) -> Iterator[Away]:
    with closing(access.store("of another machine")) as session:
        parameters = {"mode": "safe"}
        run = Begun(LOST, "encrypt_secrets", "safe")
        yield Away(machine("one").begin(session, run, parameters=parameters), session)


def next_begins(machine: Machine, store: Store) -> None:
    recording = machine("another")
    evidence = recording.begin(store, Begun(UUID(int=2), "verify_secrets", "safe"))
    evidence.write("run", {"run_id": evidence.directory.name, "outcome": "done"})
    recording.end(evidence, store)


def runs() -> list[tuple[str, str]]:
    checked = check(SHELF, [KEY.public])
    assert checked.findings == ()
    return [(line["run_id"][-1], line["outcome"]) for line in listing(SHELF)]


def test_what_is_under_way_is_told_with_who_began_it(away: Away) -> None:
    (line,) = listing(SHELF)
    assert (line["run_id"], line["operator"], line["flow"]) == (str(LOST), "one", "encrypt_secrets")
    assert runs() == [("1", "open")]


def test_a_run_that_is_alive_elsewhere_is_left_alone(
    machine: Machine, away: Away, store: Store
) -> None:
    next_begins(machine, store)
    assert runs() == [("2", "done"), ("1", "open")]


def test_a_run_that_is_lost_is_closed_by_the_next(
    machine: Machine, away: Away, store: Store
) -> None:
    event.append(store, event.Event(LOST, "one", Action.SEALED, {"changed": 3}, LOST))
    away.is_lost(store)

    next_begins(machine, store)

    assert runs() == [("1", "interrupted"), ("2", "done")]
    facts = check(SHELF, [KEY.public]).bundles[0].facts
    assert (facts["operator"], facts["parameters"]) == ("one", {"mode": "safe"})
    assert facts["audit"]["events"] == 1
    assert event.latest(store, Action.RUN_INTERRUPTED, LOST) == {}
    assert SHELF.names(OPEN) == set()


def test_a_run_on_another_database_is_left_alone(
    machine: Machine, away: Away, store: Store
) -> None:
    away.is_lost(store)
    said = {"run_id": str(LOST), "server": {"system": "1", "database": "another", "version": "18"}}
    announce(SHELF, said, KEY)

    next_begins(machine, store)

    assert runs() == [("2", "done"), ("1", "open")]


def test_a_run_that_comes_back_after_it_was_lost_is_not_closed_twice(
    machine: Machine, away: Away, store: Store
) -> None:
    away.is_lost(store)
    next_begins(machine, store)

    with pytest.raises(EvidenceError, match=f"what this one knows is in {away.evidence.directory}"):
        machine("one").end(away.evidence, store)
    assert runs() == [("1", "interrupted"), ("2", "done")]
    os.close(away.evidence.held)
    assert machine("one").close_interrupted(store) == []
    assert (away.evidence.directory / "opening.json").exists()


@pytest.mark.parametrize("signer", [KEY, LocalSigningKey.new()], ids=["edited", "another's"])
def test_what_was_announced_otherwise_is_found_and_not_believed(
    machine: Machine, away: Away, store: Store, signer: LocalSigningKey
) -> None:
    away.is_lost(store)
    place = f"{OPEN}/{LOST}"
    if signer is KEY:
        SHELF.put(place, SHELF.read(place).replace(b'"one"', b'"two"'))
    else:
        announce(SHELF, {"run_id": str(LOST)}, signer)

    next_begins(machine, store)

    (finding,) = check(SHELF, [KEY.public]).findings
    assert (finding.where, finding.what[:11]) == (place, "was changed")
    assert check(SHELF, [KEY.public]).open == (str(LOST),)
