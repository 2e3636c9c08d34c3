"""What is done to keys, runs and backups is entered in the audit log, or it is not done."""

import json
import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from reseal import register
from reseal.audit.action import Action
from reseal.audit.verify import verify_log
from reseal.backup import again
from reseal.errors import ResealError
from reseal.kek import open_kek
from reseal.keyring import KeyState
from reseal.quarantine.accept import Decision, accept
from reseal.quarantine.choice import Choice
from reseal.store import data_key, schema
from reseal.store.ledger import RunRecord
from reseal.sweep.turn import Turn
from tests.reseal.key_scene import KeyScene, waiting
from tests.reseal.scene import SEED
from tests.reseal.shredding import sealed, shredder

REFUSES = """
CREATE OR REPLACE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE 'no'; END $$;
CREATE TRIGGER refuses BEFORE INSERT ON reseal.event FOR EACH ROW
WHEN (NEW.action = '{}') EXECUTE FUNCTION refuses()
"""
GOES_ON = "DROP TRIGGER refuses ON reseal.event"
TABLES = """
SELECT c.oid::regclass::text FROM pg_class AS c
WHERE relnamespace = 'reseal'::regnamespace AND relkind = 'r'
  AND relname NOT IN ('event', 'control') ORDER BY 1
"""
LAST = "SELECT action, actor, correlation FROM reseal.event WHERE event_id > %s ORDER BY event_id"


@dataclass
class Hands:
    """Somebody who does things twice: while the log takes no entry of it, and then for good."""

    life: KeyScene

    @property
    def admin(self) -> Any:
        return self.life.admin

    @property
    def everything(self) -> dict[str, Any]:
        """All rows of Reseal's own tables, but the log's and whose turn it is."""
        names = [name for (name,) in self.admin.execute(TABLES).fetchall()]
        rows = {name: self.admin.execute(f"SELECT t::text FROM {name} AS t") for name in names}
        return {name: sorted(rows[name].fetchall()) for name in names}

    @contextmanager
    def refusing(self, action: Action) -> Iterator[None]:
        self.admin.execute(REFUSES.format(action.value))
        yield
        self.admin.execute(GOES_ON)

    def does(self, action: Action, work: Callable[[], Any], *also: Action) -> None:
        """See that nothing is done that cannot be entered, and that it is entered when it is."""
        before = self.everything
        with self.refusing(action), suppress(ResealError):
            work()
            pytest.fail(f"{action} is not entered where it is done")
        assert self.everything == before, action
        head = verify_log(self.life.scene.store).head.events
        work()
        entered = self.admin.execute(LAST, [head]).fetchall()
        assert sorted(word for word, *_ in entered) == sorted([action, *also])
        assert {name for _, name, _ in entered} == {"ada"}
        assert len({correlation for *_, correlation in entered}) == 1


@pytest.fixture
def keys(keys):
    return keys | {"NEW": b64encode(os.urandom(32)).decode()}


@pytest.fixture
def hands(scene) -> Hands:
    return Hands(KeyScene(scene))


def test_of_keys(hands, access):
    life, scene = hands.life, hands.life.scene
    scene.enrol(SEED, None, SEED)
    scene.sweep()
    hands.does(Action.KEY_STAGED, life.keys.stage)
    hands.does(Action.KEY_ACTIVATED, lambda: life.keys.activate(2, waiting(assumed=True)))
    life.scene = scene.again()
    life.scene.sweep_heaps(Turn.RESEAL)
    life.keys.count_and_record()
    life.passes(days=8)
    hands.does(Action.KEY_NOT_DISABLED, lambda: life.asks(KeyState.DISABLED, approved_by=""))
    hands.does(Action.KEY_DISABLED, lambda: life.asks(KeyState.DISABLED))
    hands.does(Action.KEY_RETIRED, lambda: life.keys.retire(1))
    life.passes(days=8)
    assert not life.asks(KeyState.DISABLED).done
    life.passes(days=8)
    assert life.asks(KeyState.DISABLED).done
    hands.does(Action.KEY_NOT_DESTROYED, lambda: life.asks(KeyState.DESTROYED))
    life.passes(days=8)
    hands.does(Action.KEY_DESTROYED, lambda: life.asks(KeyState.DESTROYED))
    hands.does(
        Action.KEYS_REWRAPPED, lambda: life.keys.rewrap(open_kek("env:NEW", access.variables))
    )


def test_of_the_first_key(access, admin):
    store = access.store("test")
    schema.migrate(store)
    admin.execute(REFUSES.format(Action.KEY_MADE.value))
    with pytest.raises(ResealError):
        data_key.ensure_active(store, access.kek(), "ada")
    assert not data_key.exists(store)
    admin.execute(GOES_ON)

    data_key.ensure_active(store, access.kek(), "ada")
    data_key.ensure_active(store, access.kek(), "ada")
    (entered,) = admin.execute("SELECT action, actor, detail FROM reseal.event").fetchall()
    assert entered == ("key made", "ada", {"key_version": 1, "kek": "env:TEST_KEK"})
    store.close()


def test_of_backups_and_decisions(hands, tmp_path):
    scene = hands.life.scene
    sealed(scene, SEED, SEED, to=tmp_path)
    kek = scene.access.backup_kek()
    prove = lambda: again.prove_run(scene.store, scene.run_id, kek, "ada")  # noqa: E731
    hands.does(Action.BACKUP_PROVEN_AGAIN, prove)

    ada = replace(shredder(scene, "Grace"), actor="ada")
    shreds = lambda: ada.shred(scene.run_id)  # noqa: E731
    with hands.refusing(Action.BACKUP_SHREDDED), pytest.raises(ResealError):
        shreds()
    assert scene.originals() != {}
    hands.does(Action.BACKUP_SHREDDED, shreds, Action.BACKUP_COPY_DELETED)


def test_of_what_is_accepted(hands):
    scene = hands.life.scene
    scene.enrol("hunter2")
    scene.sweep()
    decision = Decision("Grace Hopper", "ada")
    choice = Choice(every=True)
    hands.does(
        Action.QUARANTINE_ACCEPTED, lambda: accept(scene.store, scene.target, choice, decision)
    )


@dataclass
class Runs:
    """Runs of a field, one after the other, as whoever starts them tells the database."""

    hands: Hands

    def begins(self, run_id: UUID, *also: Action, configuration: str = "a") -> None:
        store, field = self.hands.life.scene.store, self.hands.life.scene.name
        record = RunRecord(run_id, "encrypt_secrets", "safe", (field,), None)
        work = lambda: register.begin(store, record, "ada", configuration)  # noqa: E731
        self.hands.does(Action.RUN_STARTED, work, *also)

    def ends(self, run_id: UUID) -> None:
        store = self.hands.life.scene.store
        work = lambda: register.end(store, run_id, "ada", "done", "all sealed")  # noqa: E731
        self.hands.does(Action.RUN_FINISHED, work)


def test_of_runs(hands, access):
    first, second, third, fourth = (uuid4() for _ in range(4))
    runs, store = Runs(hands), hands.life.scene.store
    runs.begins(first)
    runs.ends(first)
    runs.begins(second, Action.CONFIGURATION_CHANGED, configuration="b")
    runs.begins(third, Action.RUN_INTERRUPTED, configuration="b")
    alive = access.store(f"run {third}")
    # What was told of the second is not told again.
    runs.begins(fourth, Action.RUN_TAKEN_OVER, configuration="b")
    alive.close()
    runs.ends(fourth)
    hands.does(Action.RUN_UNDONE, lambda: register.undo(store, first, "ada", fourth))

    query = "SELECT run_id, correlation FROM reseal.event WHERE action = %s"
    for action, about, by in (
        (Action.RUN_INTERRUPTED, second, third),
        (Action.RUN_TAKEN_OVER, third, fourth),
        (Action.RUN_UNDONE, first, fourth),
    ):
        assert hands.admin.execute(query, [action]).fetchall() == [(about, by)]
    changed = hands.admin.execute(
        "SELECT detail FROM reseal.event WHERE action = %s", [Action.CONFIGURATION_CHANGED]
    ).fetchone()
    assert json.dumps(changed) == '[{"now": "b", "before": "a"}]'
