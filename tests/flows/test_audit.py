"""`reseal audit`: through the real command line, without Prefect and without a word of writing."""

from functools import partial

import pytest

from reseal.audit.excerpt import export
from reseal.evidence.manifest import AUDIT
from reseal.evidence.statement import STATEMENT
from reseal.store import data_key, schema
from reseal.store.ledger import parse_run_id
from tests.flows.scene import new_scene, together
from tests.flows.sentences import NOBODY
from tests.reseal.test_audit_verify import tamper

pytestmark = pytest.mark.slow

RUN = "6f0c7f2e-7d1c-4e2e-9f5e-0a6f3b1d2c4b"


@pytest.fixture(scope="module")
def said(server, template, tmp_path_factory):
    """What each command said: before there is a log, of one that is whole, and of a broken one."""
    directory = tmp_path_factory.mktemp("audit")
    with new_scene(server, template, NOBODY, directory, directory) as scene:
        run = partial(scene.command_line.run, "audit")
        before = run("verify", "--json")
        with scene.library() as (access, store):
            schema.migrate(store)
            data_key.ensure_active(store, access.kek(), "test")
        staged = scene.command_line.run("keys", "stage", RESEAL_ACTOR="Ada Lovelace")
        assert staged.code == 0
        whole = together(
            lambda: run("verify", "--json"), lambda: run("list", "--json", "--limit", "1"),
            lambda: run("show", "1"),
        )  # fmt: skip
        head = whole[0].document["head"]
        with scene.library() as (_, store), scene.connect() as admin:
            evidence = directory / "evidence" / RUN
            evidence.mkdir(parents=True)
            export(store, parse_run_id(RUN), evidence / AUDIT)
            (evidence / STATEMENT).touch()
            last = head.partition(":")[0]
            tamper(admin, f"DELETE FROM reseal.event WHERE event_id = {last}")
        broken = together(
            lambda: run("verify", "--json"), lambda: run("verify", "--head", head.partition(":")[2])
        )
        yield {"before": before, "whole": whole, "broken": broken}


def test_before_there_is_a_log_it_is_whole_and_empty(said):
    assert said["before"].code == 0
    assert said["before"].document == {
        "holds": True, "events": 0, "head": f"0:{'00' * 32}", "faults": [], "more_faults": 0,
    }  # fmt: skip


def test_it_says_who_did_what(said):
    _, listed, shown = said["whole"]
    (last,) = listed.document["events"]

    assert (last["actor"], last["action"]) == ("Ada Lovelace", "key staged")
    assert last["run"] is None
    assert last["account"]
    assert last["role"]
    assert '"action": "key made"' in shown.err
    assert shown.out == ""


def test_a_log_that_is_whole_says_its_head(said):
    whole = said["whole"][0]

    assert whole.code == 0
    assert whole.document["holds"] is True


def test_an_end_that_is_cut_off_is_told_by_the_evidence_and_by_a_head(said):
    by_evidence, by_head = said["broken"]
    (fault,) = by_evidence.document["faults"]

    assert (by_evidence.code, by_head.code) == (1, 1)
    assert fault["said"].endswith(f"whose head was noted by run {RUN}")
    assert "no event has the head that was noted" in by_head.err
    assert "the audit log is not whole: the log ends with event" in by_head.err
