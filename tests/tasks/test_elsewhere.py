"""What a process without the run does: its own way to everything, or an error and no row."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from reseal.config import load_config
from reseal.errors import Misplaced, ResealError, Superseded
from reseal.modes import Mode, effort
from reseal.pacing.decide import Action
from reseal.patience import Patience
from reseal.posting import Posting
from reseal.settings import Settings
from reseal.store import control, pace
from reseal.store.store import Store
from reseal.sweep.engine import SpanResult
from reseal.sweep.turn import Turn
from tasks.run import here
from tasks.sweep import sweep_span
from tests.conftest import USERS_FIELD
from tests.reseal.scene import SEED, Scene

FIELD = USERS_FIELD["name"]
CONFIG = "\n".join(["[[field]]", *(f'{word} = "{text}"' for word, text in USERS_FIELD.items())])


@pytest.fixture
def scene(
    access, store: Store, admin: psycopg.Connection, keys: dict[str, str], database: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> Scene:  # fmt: skip
    """A table, and in the environment what leads to it."""
    (tmp_path / "reseal.toml").write_text(CONFIG)
    variables = {
        **keys,
        "RESEAL_DATABASE_URL": database,
        "RESEAL_KEK": "env:TEST_KEK",
        "RESEAL_BACKUP_KEK": "env:TEST_BACKUP_KEK",
        "RESEAL_CONFIG": str(tmp_path / "reseal.toml"),
    }
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    made = Scene(access, store, admin)
    made.enrol(*[SEED] * 50)
    return made


@contextmanager
def at_work(scene: Scene, action: Action = Action.GROW) -> Iterator[Posting]:
    """A run that is connected, holds the field and tells of its pace."""
    run_id = uuid4()
    session = scene.access.store(f"run {run_id}")
    try:
        with control.hold(session, FIELD, run_id) as epoch:
            pace.tell(session, run_id, {"action": action, "share": 1.0})
            yield posting(run_id, epoch)
    finally:
        session.close()


def posting(run_id: UUID, epoch: int) -> Posting:
    sha256 = load_config(Settings.from_environment().config).sha256
    words = {"run_id": str(run_id), "flow": "encrypt_secrets"}
    how = effort(Mode.STANDARD)
    return Posting(run_id, None, None, sha256, how, {FIELD: epoch}, words)


def swept(scene: Scene, posting: Posting) -> SpanResult:
    assert here(posting.run_id) is None
    sent: Posting = pickle.loads(pickle.dumps(posting))
    return sweep_span.fn(sent, FIELD, Turn.SEAL, 1, scene.whole)


def sessions(scene: Scene, run_id: UUID) -> int:
    row = scene.admin.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%%' || %s", [run_id]
    ).fetchone()
    return row[0] if row else 0


def test_it_turns_the_rows_of_a_span_and_leaves_no_session_behind(scene: Scene):
    with at_work(scene) as one:
        result = swept(scene, one)

        assert (result.tally.changed, result.stopped) == (50, False)
        assert SEED not in scene.stored().values()
        assert sessions(scene, one.run_id) == 1, "the run's own"


def test_told_to_stop_it_turns_none(scene: Scene):
    with at_work(scene, Action.STOP) as one:
        assert swept(scene, one).stopped

    assert set(scene.stored().values()) == {SEED}


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ("file", Misplaced, "reads another reseal.toml"),
        ("database", Misplaced, "does not find it in the database"),
        ("epoch", Superseded, "another run took over"),
        ("kek", ResealError, "TEST_KEK"),
    ],
)
def test_what_is_not_as_with_the_run_is_an_error_and_no_row_is_turned(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, wrong: str, error: type, says: str
):
    monkeypatch.setattr("reseal.outpost._A_MOMENT", Patience(tries=1))
    with at_work(scene) as one:
        mistaken = {
            "file": lambda: replace(one, sha256="0" * 64),
            "database": lambda: replace(one, run_id=uuid4()),
            "epoch": lambda: replace(one, epochs={FIELD: one.epochs[FIELD] - 1}),
            "kek": lambda: one,
        }[wrong]()
        if wrong == "kek":
            monkeypatch.delenv("TEST_KEK")
        with pytest.raises(error, match=says):
            swept(scene, mistaken)

    assert set(scene.stored().values()) == {SEED}


def test_what_it_is_told_holds_no_secret_and_no_way_in(scene: Scene, database: str, keys: dict):
    with at_work(scene) as one:
        sent = pickle.dumps(one)

    for text in (database, *keys.values(), "TEST_KEK", SEED):
        assert text.encode() not in sent
