"""A retry is backed up as any run: by the policy, proven before it seals, and copied."""

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from reseal import open_backup
from reseal.audit.action import Action
from reseal.backup import table
from reseal.backup.inventory import inventory
from reseal.backup.policy import BackupPolicy
from reseal.errors import BackupNotProven, ConfigurationError, Refused, StoreError
from reseal.outcome import Outcome
from reseal.quarantine.retry import Retried, Retry
from reseal.store import event
from tests.bundles import differences, recording
from tests.reseal.backing_up import NEW, held, prove_again
from tests.reseal.retrying import of_run
from tests.reseal.scene import SEED, Scene

ENDED = "SELECT outcome FROM reseal.run"
# What the application does when the backup is proven and no row is sealed.
MEANWHILE = """
CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE users SET mfa_secret = 'MFRGGZDFMZTWQ2LK' WHERE id = 1; RETURN NULL; END $$;
CREATE TRIGGER meanwhile AFTER INSERT ON reseal.event FOR EACH ROW
WHEN (NEW.action = 'backup proven') EXECUTE FUNCTION meanwhile();
"""
LOSES_A_ROW = """
CREATE FUNCTION loses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER loses BEFORE INSERT ON reseal.backup FOR EACH ROW
WHEN (NEW.row_key = '{1}') EXECUTE FUNCTION loses();
"""
FAILS = """
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE 'no' USING ERRCODE = 'XX000'; END $$;
CREATE TRIGGER fails BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION fails();
"""
LATEST = "MFRGGZDFMZTWQ2LK"


@pytest.fixture
def mended(scene: Scene, tmp_path: Path) -> Scene:
    """Three rows were set aside, and two hold a secret by now; rows beside them are plain, too."""
    scene.enrol("hunter2", "hunter3", "hunter4")
    scene.sweep()
    scene.put(1, SEED)
    scene.put(2, NEW)
    scene.enrol(SEED)
    policy = BackupPolicy(kept_days=3, to=str(tmp_path / "copies"))
    return replace(scene, access=replace(scene.access, config=replace(
        scene.access.config, backup=policy)))  # fmt: skip


def retry(scene: Scene, evidence: Path | None = None, run_id: UUID | None = None) -> Retried:
    chosen = frozenset(row.key for row in scene.records())
    records = recording(evidence) if evidence else None
    retrying = Retry(scene.access, scene.store, "test", records, run_id or uuid4())
    return retrying.carry_out({scene.name: chosen})


def copies(scene: Scene, retried: Retried) -> tuple[str, ...]:
    return table.need(scene.store, UUID(str(retried.run_id)), scene.name).copies


def test_it_can_be_proven_again_with_its_copy(mended):
    retried = retry(mended)
    done = prove_again(of_run(mended, retried))

    assert retried.outcome is Outcome.PARTIAL
    assert (done.rows, done.late_rows, done.faults) == (2, 0, [])
    assert [copy.rows for copy in done.copies] == [2]


def test_it_is_kept_as_long_as_the_configuration_says(mended):
    retry(mended)

    (record,) = inventory(mended.store)
    assert round((record["expires"] - record["taken"]).total_seconds() / 86_400) == 3
    assert record["proven"]


def test_its_copy_holds_what_was_sealed_and_is_named_as_any(mended, tmp_path):
    retried = retry(mended)

    (copy,) = copies(mended, retried)
    assert copy == f"{tmp_path}/copies/{retried.run_id}/users.mfa_secret.reseal-backup"
    assert held(mended, copy) == {("1",): SEED, ("2",): NEW}


def test_what_was_enrolled_meanwhile_is_in_a_late_copy(mended):
    mended.admin.execute(MEANWHILE)
    retried = retry(mended)
    first, late = copies(mended, retried)

    assert held(mended, first) == {("1",): SEED, ("2",): NEW}
    assert held(mended, late) == {("1",): LATEST}
    assert open_backup(late, mended.access.backup_kek()).header.late
    done = prove_again(of_run(mended, retried))
    assert (done.rows, done.late_rows, done.faults) == (2, 1, [])


def test_a_late_copy_that_cannot_be_written_is_told(mended, tmp_path):
    mended.admin.execute(MEANWHILE)
    run_id = uuid4()
    late = tmp_path / "copies" / str(run_id) / "users.mfa_secret.late.reseal-backup"
    late.parent.mkdir(parents=True)
    late.write_bytes(b"in the way")
    mended.put(3, None)
    retried = retry(mended, run_id=run_id)

    assert retried.outcome is Outcome.PARTIAL
    assert "not true: the copy of the backup of users.mfa_secret holds what" in retried.message
    assert "exists already, and is not written over" in retried.message
    assert mended.opened()[1] == LATEST


def test_without_a_proof_nothing_is_sealed(mended):
    before = mended.stored()
    mended.admin.execute(LOSES_A_ROW)

    with pytest.raises(BackupNotProven, match="1 of the table are missing and 0 differ"):
        retry(mended)
    assert mended.stored() == before
    assert mended.admin.execute(ENDED).fetchone() == ("failed",)
    assert len(mended.records()) == 3


def test_where_no_copy_can_be_written_nothing_begins(mended, tmp_path):
    (tmp_path / "copies").write_bytes(b"")

    with pytest.raises(ConfigurationError, match="nothing can be written to"):
        retry(mended)
    assert mended.admin.execute("SELECT count(*) FROM reseal.run").fetchone() == (0,)


def test_where_only_envelopes_are_tried_the_backup_is_empty_and_proven(scene):
    scene.enrol(SEED)
    scene.sweep()
    whole = scene.stored()[1]
    scene.put(1, str(whole)[:-8])
    scene.admin.execute(
        "INSERT INTO reseal.quarantine (field, row_key, run_id, class, reason)"
        " VALUES (%s, '{1}', %s, 'malformed', 'x')",
        [scene.name, scene.run_id],
    )
    retried = retry(scene)

    done = prove_again(of_run(scene, retried))
    assert (done.rows, done.faults) == (0, [])


def test_rows_of_one_key_are_refused(scene):
    scene.admin.execute(
        "CREATE TABLE t (id int PRIMARY KEY, s text); CREATE TABLE heir () INHERITS (t);"
        "INSERT INTO t VALUES (1, '?'); INSERT INTO heir VALUES (1, '?')"
    )
    scene = scene.described(table="t", column="s")
    scene.sweep_heaps()
    scene.admin.execute("UPDATE t SET s = %s", [SEED])

    with pytest.raises(Refused, match=r"several rows of .* have the key 1;"):
        retry(scene)
    assert set(scene.stored().values()) == {SEED}


def test_it_leaves_evidence_as_any_run(mended, tmp_path):
    retried = retry(mended, tmp_path / "evidence")
    directory = tmp_path / "evidence" / str(retried.run_id)

    assert differences(directory) == []
    run, backup, quarantine = (
        json.loads((directory / f"{name}.json").read_text())
        for name in ("run", f"backup-{mended.name}", f"quarantine-{mended.name}")
    )
    assert (run["flow"], run["outcome"], run["exit_code"]) == ("retry_quarantine", "partial", 4)
    assert (backup["rows"], backup["compared"], backup["copy"]["rows"]) == (2, 2, 2)
    assert (quarantine["sealed"], quarantine["left"]) == (2, 1)
    assert quarantine["rows_left"] == [
        {"key": ["3"], "class": "unrecognised", "reason": "not a secret in the field's format"}
    ]
    assert event.latest(mended.store, Action.BACKUP_PROVEN, retried.run_id)


def test_of_a_fault_there_is_evidence_too(mended, tmp_path):
    mended.admin.execute(FAILS)
    with pytest.raises(StoreError) as caught:
        retry(mended, tmp_path / "evidence")

    (directory,) = (path.parent for path in (tmp_path / "evidence").glob("*/run.json"))
    run = json.loads((directory / "run.json").read_text())
    assert (run["outcome"], run["message"]) == ("failed", str(caught.value))
    assert differences(directory) == []
