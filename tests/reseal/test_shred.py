"""A shredded backup is gone: key, rows, copies; and one that is still needed is not shredded."""

import os
import threading
from base64 import b64encode
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from reseal import retirement
from reseal.audit.action import Action
from reseal.audit.verify import verify_log
from reseal.backup import again, table
from reseal.backup.inventory import inventory
from reseal.errors import ConfigurationError, FieldBusy, KekError, Refused
from reseal.store import event
from reseal.store.control import hold
from tests.conftest import SENTINEL
from tests.reseal.scene import SEED
from tests.reseal.shredding import NEW, is_shredded, sealed, shredder

PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'reseal.backup'::regclass"
STORED = "SELECT pg_read_binary_file(pg_relation_filepath('reseal.backup_set'))"


def test_a_shredded_backup_is_gone(scene, tmp_path):
    sealed(scene, SENTINEL, NEW, to=tmp_path)
    done = shredder(scene, "Grace").shred(scene.run_id)

    assert (done.rows, done.sealed) == ({scene.name: 2}, {scene.name: 2})
    assert is_shredded(scene)
    assert scene.admin.execute(PARTITIONS).fetchone() == (0,)
    assert len(done.deleted) == 1
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigurationError, match="was shredded"):
        scene.backup()
    (record,) = inventory(scene.store)
    assert (record["rows"], record["bytes"], record["copies"]) == (2, 0, [])
    assert record["shredded_by"] == "Grace"
    # What was sealed opens as before.
    assert set(scene.opened().values()) == {SENTINEL, NEW}


def test_the_audit_log_says_who_shredded_what(scene, tmp_path):
    sealed(scene, SEED, to=tmp_path)
    shredder(scene, "Grace").shred(scene.run_id)

    detail = event.latest(scene.store, Action.BACKUP_SHREDDED, scene.run_id)
    assert detail == {
        "rows": {scene.name: 1}, "still_sealed": {scene.name: 1}, "unseen": [],
        "approved_by": "Grace",
    }  # fmt: skip
    copy = event.latest(scene.store, Action.BACKUP_COPY_DELETED, scene.run_id)
    assert copy is not None
    assert copy["field"] == scene.name
    assert verify_log(scene.store).holds


def test_the_dead_version_of_the_row_with_the_key_is_cleared_away(scene, admin):
    sealed(scene, SEED)
    wrapped = table.need(scene.store, scene.run_id, scene.name).wrapped
    shredder(scene).shred(scene.run_id)

    admin.execute("CHECKPOINT")
    assert wrapped not in admin.execute(STORED).fetchone()[0]


def test_without_an_approval_it_is_whoever_did_it(scene):
    sealed(scene, SEED)
    shredder(scene).shred(scene.run_id)

    assert inventory(scene.store)[0]["shredded_by"] == "ada"


def test_what_was_enrolled_since_is_no_loss_for_a_rollback(scene):
    rows = sealed(scene, SEED, SEED, SEED)
    scene.put(rows[0], NEW)
    scene.put(rows[1], None)
    scene.again().sweep()

    assert shredder(scene).shred(scene.run_id).sealed == {scene.name: 1}


def test_shredding_twice_is_no_fault_and_says_so(scene):
    sealed(scene, SEED)
    assert shredder(scene, "Grace").shred(scene.run_id).before == {}
    first = inventory(scene.store)
    done = shredder(scene, "another").shred(scene.run_id)

    assert (done.rows, done.sealed, done.deleted) == ({}, {}, [])
    assert done.before == {scene.name: {"shredded": first[0]["shredded"], "by": "Grace"}}
    assert inventory(scene.store) == first


def test_a_copy_that_cannot_be_deleted_is_told_and_tried_again(scene, tmp_path):
    sealed(scene, SEED, to=tmp_path)
    (path,) = tmp_path.rglob("*.reseal-backup")
    content = path.read_bytes()
    path.unlink()
    path.mkdir()
    done = shredder(scene).shred(scene.run_id)

    assert done.rows == {scene.name: 1}
    assert list(done.not_deleted) == [str(path)]
    assert "cannot be removed" in done.not_deleted[str(path)]
    assert inventory(scene.store)[0]["copies"] == [str(path)]
    path.rmdir()
    path.write_bytes(content)
    # What was not deleted opens: it has the key with it.
    assert again.prove_file(str(path), scene.access.backup_kek()).rows == 1
    done = shredder(scene).shred(scene.run_id)
    assert (done.deleted, done.not_deleted) == ([str(path)], {})
    assert inventory(scene.store)[0]["copies"] == []


def test_a_copy_that_is_gone_counts_as_deleted(scene, tmp_path):
    sealed(scene, SEED, to=tmp_path)
    next(tmp_path.rglob("*.reseal-backup")).unlink()

    assert shredder(scene).shred(scene.run_id).not_deleted == {}


def test_a_backup_that_is_used_is_not_shredded(scene):
    sealed(scene, SEED)
    other = scene.access.store("another")
    with (
        hold(other, scene.name, uuid4()),
        pytest.raises(FieldBusy, match="another run is working on field"),
    ):
        shredder(scene).shred(scene.run_id)
    other.close()
    assert not is_shredded(scene)


def test_a_run_that_lost_its_lock_and_lives_keeps_its_backup(scene):
    sealed(scene, SEED)
    alive = scene.access.store(f"run {scene.run_id}")
    with pytest.raises(Refused, match="is still under way"):
        shredder(scene).shred(scene.run_id)
    alive.close()
    assert not is_shredded(scene)


def test_a_run_without_a_backup_has_nothing_to_shred(scene):
    with pytest.raises(ConfigurationError, match="has no backup; see `reseal backup list`"):
        shredder(scene).shred(uuid4())


def test_a_backup_that_nobody_can_open_is_shredded_too(scene):
    sealed(scene, SEED)
    lost = dict(scene.access.variables, TEST_BACKUP_KEK=b64encode(os.urandom(32)).decode())
    other = replace(scene, access=replace(scene.access, variables=lost))
    with pytest.raises(KekError):
        other.backup()

    assert shredder(other).shred(scene.run_id).sealed == {scene.name: None}


def test_those_past_their_date_are_found(scene):
    sealed(scene, SEED)
    assert table.expired(scene.store) == []
    scene.admin.execute("UPDATE reseal.backup_set SET expires = now()")
    assert table.expired(scene.store) == [scene.run_id]

    shredder(scene).shred(scene.run_id)
    assert table.expired(scene.store) == []


def test_a_shredded_backup_keeps_no_data_key(scene):
    sealed(scene, SEED)
    assert scene.store.need(retirement.BACKUPS, [1])[0] == 1

    shredder(scene).shred(scene.run_id)
    assert scene.store.need(retirement.BACKUPS, [1])[0] == 0


def test_whoever_reads_the_backup_holds_the_shredder_up_for_a_while(scene, database):
    sealed(scene, SEED)
    with psycopg.connect(database) as reader:
        reader.execute("SELECT count(*) FROM reseal.backup")
        ending = threading.Timer(2.5, reader.commit)
        ending.start()
        assert shredder(scene).shred(scene.run_id).rows == {scene.name: 1}
        ending.join()
