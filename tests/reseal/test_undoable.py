"""A run that cannot be rolled back is told before anything is written, with what to do."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from reseal.audit.action import Action
from reseal.errors import ConfigurationError, KekError, KekUnreachable, Refused
from reseal.guard import raise_guard
from reseal.shield import raise_shield
from reseal.store import event, ledger
from reseal.store.connection import Connection
from reseal.store.event import Event
from reseal.store.ledger import RunRecord
from reseal.store.store import Store
from reseal.undoable import Undoable, Undoing, need_undoable, need_way
from tests.reseal.scene import SEED, Scene
from tests.reseal.test_rewrap import UnreachableKek

LIVE = """
INSERT INTO reseal.reader (instance, library, opens, seals, policy)
VALUES ('web/1', '0', '{}', true, %s)
"""


@pytest.fixture
def run(scene: Scene) -> Scene:
    """A run that has sealed one row under key 1."""
    scene.enrol(SEED)
    ledger.start(scene.store, record(scene, "encrypt_secrets"), "test")
    scene.back_up()
    scene.sweep()
    return scene


def record(run: Scene, flow: str) -> RunRecord:
    return RunRecord(run.run_id, flow, "standard", (run.name,), None)


def undoable(run: Scene, *, newer: bool = False) -> Undoable:
    return need_undoable(run.store, str(run.run_id), run.access.backup_kek(), newer=newer)


def way(run: Scene, store: Store | None = None) -> None:
    need_way(store or run.store, [run.target])


def test_a_run_with_a_backup_and_its_key_can_be_undone(run):
    found = undoable(run)
    assert (found.record.fields, found.how) == ((run.name,), Undoing.RESTORE)
    way(run)


def test_a_run_that_took_no_backup_cannot(scene):
    other = scene.again()
    ledger.start(scene.store, record(other, "verify_secrets"), "test")

    with pytest.raises(ConfigurationError, match="has no backup of field"):
        undoable(other)


def test_a_shredded_backup_is_gone_for_good(run):
    run.admin.execute("UPDATE reseal.backup_set SET wrapped = NULL")

    with pytest.raises(Refused, match=r"was shredded, so its originals are gone for good"):
        undoable(run)


def test_the_key_that_opens_its_backup_must_be_at_hand(run):
    with pytest.raises(KekError) as caught:
        need_undoable(run.store, str(run.run_id), run.access.kek(), newer=False)
    assert str(caught.value) == (
        f"{run.access.kek_uri} does not open the backup of run {run.run_id}, which was sealed "
        f"under {run.access.backup_kek_uri}: set RESEAL_BACKUP_KEK to the key of that time"
    )


def test_a_service_that_does_not_answer_has_not_said_no(run):
    with pytest.raises(KekUnreachable):
        need_undoable(run.store, str(run.run_id), UnreachableKek(), newer=False)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("disabled", "`reseal keys retire 1` brings it back, or --unseal-newer"),
        ("destroyed", "sealed since: --unseal-newer writes"),
    ],
)
def test_without_its_key_only_what_was_sealed_since_can_be_written(run, state, says):
    run.activate_next_key()
    run.admin.execute(
        "UPDATE reseal.data_key SET state = %s, wrapped = CASE %s WHEN 'disabled' THEN wrapped END"
        " WHERE version = 1",
        [state, state],
    )

    with pytest.raises(Refused, match=r"key 1, under which run .* sealed") as caught:
        undoable(run)
    assert says in str(caught.value)
    assert undoable(run, newer=True).record.run_id == run.run_id


def test_a_rollback_is_undone_by_sealing_again_and_that_by_putting_back(run):
    back = run.again()
    ledger.start(run.store, record(back, "rollback_run"), "test")
    assert undoable(back).how is Undoing.SEAL_AGAIN

    back.back_up()
    assert undoable(back).how is Undoing.RESTORE


def test_a_run_that_changed_the_key_is_undone_by_the_key_before_it(run):
    change = {"key_version": run.activate_next_key(), "previous": 1, "retiring": [1]}
    back = run.again()
    ledger.start(run.store, record(back, "rollback_run"), "test")
    event.append(run.store, Event(back.run_id, "test", Action.KEY_ACTIVATED, change))

    assert undoable(back).how is Undoing.TURN_BACK


@pytest.mark.parametrize("policy", ["allow", "warn", "refuse"])
def test_not_while_a_live_application_refuses_plaintext(run, policy):
    run.admin.execute(LIVE, [policy])
    if policy != "refuse":
        way(run)
        return

    with pytest.raises(Refused, match="web/1 refuse plaintext, so nobody could log in"):
        way(run)
    run.admin.execute("UPDATE reseal.reader SET seen = seen - interval '3 minutes'")
    way(run)


@pytest.fixture
def clerk(run: Scene) -> Iterator[Store]:
    """A role that may read and write everything, and owns no table."""
    name = f"clerk_{uuid4().hex[:8]}"
    with psycopg.connect(run.access.url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN")
        admin.execute(f"GRANT pg_read_all_data, pg_write_all_data TO {name}")
        store = Store(Connection.open(make_conninfo(run.access.url, user=name), "reseal test"))
        yield store
        store.close()
        admin.execute(f"DROP OWNED BY {name}")
        admin.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ([raise_guard], "the guard constraint on users"),
        ([raise_shield], "the shield trigger on users"),
        ([raise_guard, raise_shield], "the guard constraint and the shield trigger on users"),
    ],
)
def test_what_keeps_plaintext_out_must_be_ours_to_remove(run, clerk, raised, said):
    way(run, clerk)
    for one in raised:
        one(run.store, run.target)

    with pytest.raises(Refused, match=r"keep plaintext out, and only .* may remove them") as caught:
        way(run, clerk)
    assert str(caught.value).startswith(said)
    way(run)
