"""A run is recorded from its first moment on, here or behind a URL, with or without a database."""

import json
import os
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from reseal.audit.action import Action
from reseal.audit.excerpt import export
from reseal.audit.noted import noted_heads
from reseal.audit.verify import verify_log
from reseal.evidence.check import check
from reseal.evidence.closing import Closing
from reseal.evidence.directory import Evidence
from reseal.evidence.opening import Begun
from reseal.evidence.recording import Recording
from reseal.evidence.shelf import LocalShelf, RemoteShelf, Shelf
from reseal.report import PAGE
from reseal.store import event
from reseal.store.event import Event
from reseal.store.store import Store
from tests.bundles import KEY, close, recording

URL = "memory://evidence/of/all"


@pytest.fixture(params=["here", "elsewhere"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Recording:
    MemoryFileSystem.store.clear()
    if request.param == "here":
        return recording(tmp_path)
    return Recording(Closing(RemoteShelf(URL), KEY), tmp_path, "test", tmp_path / "reseal.toml")


def begun(number: int) -> Begun:
    return Begun(UUID(int=number), "encrypt_secrets", "safe")


def outcomes(shelf: Shelf) -> list[str]:
    checked = check(shelf, [KEY.public])
    assert checked.findings == ()
    return [seen.facts["run"]["outcome"] for seen in checked.bundles]


def test_a_bundle_is_on_the_shelf_and_its_head_in_the_audit_log(records: Recording, store: Store):
    evidence = records.begin(store, begun(1), fields=["users.mfa_secret"])
    evidence.write("run", {"run_id": evidence.directory.name, "outcome": "done"})

    evidence.write("pacing", {"decisions": []})

    head, page = records.end(evidence, store)

    (seen,) = check(records.closing.shelf, [KEY.public]).bundles
    assert seen.link == head.last
    assert page is not None
    assert PAGE in seen.facts["sha256"]
    assert (seen.facts["run"]["flow"], seen.facts["pacing"]) == (
        "encrypt_secrets",
        {"decisions": []},
    )
    assert [key["state"] for key in seen.facts["keys"]["after"]] == ["active"]
    assert event.latest(store, Action.EVIDENCE_CLOSED, UUID(int=1)) == head.as_dict()
    assert records.where(UUID(int=1)) == f"{records.closing.shelf.where}/{UUID(int=1)}"
    assert evidence.directory.exists() is not records.is_elsewhere


def test_a_run_that_only_reads_leaves_nothing_in_the_database(records: Recording, store: Store):
    records.end(records.begin(store, begun(1)), store, notes=False)
    assert event.latest(store, Action.EVIDENCE_CLOSED) is None
    assert len(check(records.closing.shelf, [KEY.public]).bundles) == 1


def test_a_lost_database_keeps_no_bundle_from_being_closed(
    records: Recording, store: Store, admin: psycopg.Connection
):
    evidence = records.begin(store, begun(1))
    evidence.write("run", {"run_id": evidence.directory.name, "outcome": "failed"})
    admin.execute("SELECT pg_terminate_backend(%s)", [store.connection.info.backend_pid])
    with pytest.raises(Exception, match="connection"):
        store.execute("SELECT 1")

    records.end(evidence, store)

    assert outcomes(records.closing.shelf) == ["failed"]


def test_what_a_killed_run_has_left_is_closed_by_the_next(records: Recording, store: Store):
    killed = records.begin(store, begun(1))
    (killed.directory / "run.json").write_text('{"half": ')
    alive = records.begin(store, begun(2))
    # The kernel does that for whoever is killed.
    os.close(killed.held)

    third = records.begin(store, begun(3))

    assert check(records.closing.shelf, [KEY.public]).findings == ()
    assert outcomes(records.closing.shelf) == ["interrupted"]
    assert event.latest(store, Action.RUN_INTERRUPTED, UUID(int=1)) == {}
    for evidence in (alive, third):
        evidence.write("run", {"run_id": evidence.directory.name, "outcome": "done"})
        records.end(evidence, store)
    assert outcomes(records.closing.shelf) == ["interrupted", "done", "done"]


def test_one_that_was_killed_after_its_end_is_not_closed_twice(records: Recording, store: Store):
    evidence = records.begin(store, begun(1))
    evidence.write("run", {"run_id": evidence.directory.name, "outcome": "done"})
    records.end(evidence, store)
    left = records.root / ".open" / evidence.directory.name
    left.touch()

    assert records.close_interrupted(store) == []
    assert not left.exists()
    assert evidence.directory.exists() is not records.is_elsewhere
    assert outcomes(records.closing.shelf) == ["done"]


def test_a_bundle_has_what_the_audit_log_says_of_the_run(records: Recording, store: Store):
    run_id = UUID(int=1)
    evidence = records.begin(store, begun(1))
    event.append(store, Event(run_id, "ada", Action.SEALED, {"changed": 3}, run_id))
    before = verify_log(store).head
    records.end(evidence, store)

    shelf = records.closing.shelf
    (seen,) = check(shelf, [KEY.public]).bundles
    assert seen.findings == ()
    assert seen.facts["audit"] == {
        "file": "audit.json", "events": 1, "head": str(before),
    }  # fmt: skip
    assert noted_heads(shelf).heads == {before: f"by run {run_id}"}


def test_an_excerpt_that_does_not_hang_together_is_named_though_it_was_signed(
    tmp_path: Path, store: Store
):
    evidence = Evidence.of(tmp_path, UUID(int=1))
    export(store, UUID(int=1), evidence.directory / "audit.json")
    excerpt = json.loads((evidence.directory / "audit.json").read_text())
    evidence.write("audit", excerpt | {"chain": [{"digest": "0" * 64}]})
    evidence.write("run", {"run_id": evidence.directory.name})
    close(evidence)

    (finding,) = check(LocalShelf(tmp_path), [KEY.public]).findings
    assert finding.where.endswith("/audit.json")
    assert finding.what == "it does not lead to the head of the log that it names"
