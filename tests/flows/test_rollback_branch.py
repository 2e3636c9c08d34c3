"""What a run does about an envelope that does not open: everything back, and the record says so."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest

from reseal.audit.verify import verify_log
from tests.flows.conftest import Ended
from tests.flows.scene import (
    FIELD,
    Meanwhile,
    Scene,
    Stored,
    flipped,
    is_sealed,
    secret_of,
    set_secret,
)

pytestmark = pytest.mark.slow

USERS = 2000
CORRUPTED, IN_PLAINTEXT, SEALED_ANEW, EARLY, STRANGER = 100, 200, 300, 400, 500
NEW_PLAINTEXT, NEW_SEALED, NEW_EARLY = "NEWPLAINTEXT2345", "NEWSEALED2345672", "NEWEARLY23456723"
SEALED_SECRET = "JBSWY3DPEHPK3PXP"
# Base32 has neither 0 nor 1, 8 or 9.
DIGITS = str.maketrans("0189", "WXYZ")
ALL_SEALED = "SELECT count(*) FROM reseal.event WHERE action = 'sealed'"


@dataclass(frozen=True)
class RolledBack:
    """A run whose validation failed, and the table before and after it."""

    scene: Scene
    before: Stored
    envelope: str
    after: Stored
    ended: Ended


@pytest.fixture(scope="module")
def rolled_back(make_scene: Callable[[], Scene]) -> RolledBack:
    """A run during which an envelope is damaged and three users enrol anew."""
    scene, meanwhile, written = make_scene(), Meanwhile(), []
    texts = [f"{'SECRETNUMBER'}{number:04}".translate(DIGITS) for number in range(USERS)]
    texts[STRANGER - 1] = "hunter2!"
    before = scene.enrol(texts)

    def enrol_early() -> None:
        with scene.connect() as connection:
            meanwhile.waits_for(lambda: is_sealed(secret_of(connection, EARLY)))
            set_secret(connection, EARLY, NEW_EARLY)

    def enrol_after_the_last_pass() -> None:
        meanwhile.waits_for(lambda: scene.ask("SELECT to_regclass('reseal.event')"))
        meanwhile.waits_for(lambda: scene.ask(ALL_SEALED))
        written.append(scene.seal(SEALED_ANEW, NEW_SEALED))
        with scene.connect() as connection:
            set_secret(connection, IN_PLAINTEXT, NEW_PLAINTEXT)
            set_secret(connection, SEALED_ANEW, written[0])

    corrupts = meanwhile.corrupts(scene, CORRUPTED)
    with meanwhile.does(corrupts, enrol_early, enrol_after_the_last_pass):
        ended = scene.command_line.run("encrypt", "--json")
    return RolledBack(scene, before, written[0], scene.stored(), ended)


def test_an_envelope_that_does_not_open_takes_the_rollback_branch(rolled_back: RolledBack) -> None:
    document = rolled_back.ended.document
    assert (rolled_back.ended.code, document["outcome"]) == (5, "rolled_back")
    part = rolled_back.ended.part(FIELD)
    assert document["message"] == (
        f"1 envelopes of {FIELD} are broken; the originals were put back: "
        f"{part['restored']} restored, {part['left_alone']} left alone "
        f"(left-alone-{FIELD}.csv in the evidence says why)"
    )
    assert "guard" not in document["stages"]
    assert document["stages"]["rollback"] > 0


def test_every_original_is_back_byte_for_byte(rolled_back: RolledBack) -> None:
    enrolled = {
        EARLY: NEW_EARLY,
        IN_PLAINTEXT: NEW_PLAINTEXT,
        SEALED_ANEW: rolled_back.envelope,
    }
    assert rolled_back.after == {**rolled_back.before, **enrolled}
    assert rolled_back.after[CORRUPTED] == rolled_back.before[CORRUPTED]


def test_what_was_enrolled_anew_is_left_alone_and_listed(rolled_back: RolledBack) -> None:
    listed = {
        tuple(row["key"]): row["reason"] for row in rolled_back.ended.part(FIELD)["rows_set_aside"]
    }
    expected = {
        (str(IN_PLAINTEXT),): "enrolled anew since, in plaintext",
        (str(SEALED_ANEW),): "enrolled anew since, sealed",
        (str(STRANGER),): "not a secret in the field's format",
    }
    # The early one may also have come after the last pass, then it is the third of them.
    listed.pop((str(EARLY),), None)
    assert listed == expected


def test_the_counts_of_the_rollback_add_up(rolled_back: RolledBack) -> None:
    part = rolled_back.ended.part(FIELD)
    # All but the stranger, who was never sealed, and those left alone.
    assert part["restored"] + part["left_alone"] == USERS - 1
    assert part["after"] == {
        **part["before"], "plain": USERS - 2, "unrecognised": 1, "sealed": {"1": 1},
    }  # fmt: skip


def test_prefect_shows_a_failed_run_named_after_what_happened(rolled_back: RolledBack) -> None:
    scene, document = rolled_back.scene, rolled_back.ended.document
    state = scene.api(f"flow_runs/{document['run_id']}")["state"]
    assert (state["type"], state["name"]) == ("FAILED", "RolledBack")
    assert state["message"] == document["message"]


def test_the_audit_log_is_one_unbroken_chain(rolled_back: RolledBack) -> None:
    with rolled_back.scene.library() as (_, store):
        assert verify_log(store).holds
    query = "SELECT array_agg(action ORDER BY event_id) FROM reseal.event WHERE run_id::text = %s"
    actions = rolled_back.scene.ask(query, rolled_back.ended.run_id)
    assert actions == [
        "run started", "prepared", "data key ready", "backup begun", "backup restored",
        "backup proven", "expected", "sealed", "validated", "shield dropped", "rolled back",
        "run finished", "evidence closed",
    ]  # fmt: skip


def test_the_next_run_succeeds_and_can_be_undone(rolled_back: RolledBack) -> None:
    scene, before = rolled_back.scene, rolled_back.after
    run = scene.command_line.run("encrypt", "--json")
    assert (run.code, run.document["outcome"]) == (4, "partial")
    assert scene.opened() == {
        key: NEW_SEALED if key == SEALED_ANEW else text
        for key, text in before.items()
        if key != STRANGER
    }
    undone = scene.command_line.run("rollback", run.run_id, "--json")
    assert (undone.code, undone.document["outcome"]) == (4, "partial")
    assert scene.stored() == before
    part = undone.part(FIELD)
    assert (part["restored"], part["left_alone"]) == (USERS - 2, 1)
    reason = "sealed by the application, not by this run"
    assert part["rows_set_aside"] == [{"key": [str(SEALED_ANEW)], "reason": reason}]
    again = scene.command_line.run("rollback", run.run_id, "--json")
    assert (again.code, again.part(FIELD)["restored"]) == (4, 0)
    assert scene.stored() == before


def test_only_a_known_run_can_be_rolled_back(rolled_back: RolledBack) -> None:
    scene, before = rolled_back.scene, rolled_back.scene.stored()
    unknown = uuid4()
    ended = scene.command_line.run("rollback", str(unknown), "--json")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"reseal: there is no run {unknown}; see `reseal status`\n"
    ended = scene.command_line.run("rollback", "yesterday", "--json")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "reseal: 'yesterday' is not a run id; see `reseal status`\n"
    assert scene.stored() == before


def test_an_envelope_that_was_broken_before_is_set_aside_and_nothing_rolled_back(make_scene):
    scene = make_scene()
    scene.enrol([SEALED_SECRET, SEALED_SECRET])
    assert scene.command_line.run("encrypt", "--json").code == 0
    damaged = flipped(scene.sealed()[1])
    with scene.connect() as connection:
        set_secret(connection, 1, damaged)
        set_secret(connection, 2, NEW_PLAINTEXT)

    ended = scene.command_line.run("encrypt", "--json")
    part = ended.part(FIELD)
    assert (ended.code, part["changed"], part["quarantined"]) == (4, 1, 1)
    (aside,) = part["rows_set_aside"]
    assert aside["key"] == ["1"]
    assert aside["reason"] == "an envelope that will not open, from before this run"
    assert scene.stored()[1] == damaged
    assert is_sealed(scene.stored()[2])
