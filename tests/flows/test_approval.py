"""Asking where runs were before: the answer is a row, and the gates are looked at once more."""

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest

from reseal.audit.verify import verify_log
from reseal.place import Place
from reseal.secret import Secret
from reseal.store import data_key, schema
from tests.flows.conftest import CONFIG, Ended
from tests.flows.scene import FIELD, Scene
from tests.flows.sentences import NOBODY, missing, sentence, state
from tests.flows.waiting import Waiting, all_end, all_wait, waits

pytestmark = pytest.mark.slow

READY = "--assume-readers-ready"
RUNS: dict[str, tuple[str, ...]] = {
    "rejected": ("rotate", READY),
    "killed": ("rotate", READY),
    "own": ("encrypt",),
    "mended": ("encrypt",),
    "in the form": ("encrypt",),
}
ANSWERS = "SELECT json_object_agg(run_id, coalesce(decision, '')) FROM reseal.approval"
END_SESSION = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
WRITES = "SELECT count(*) FROM reseal.run"


@dataclass(frozen=True)
class Story:
    """What became of runs that all waited at once, and of those who answered them."""

    scene: Scene
    runs: dict[str, Waiting]
    told: dict[str, Ended]
    ended: dict[str, Ended]
    before: object
    after: object
    decisions: dict[str, str]


@pytest.fixture(scope="module")
def story(make_scene: Callable[[], Scene]) -> Story:
    scene = make_scene()
    scene.enrol(["JBSWY3DPEHPK3PXP"])
    seal(scene, 50)
    with scene.connect() as connection:
        before = state(connection)
        runs = all_wait(scene, RUNS)
        runs["killed"].process.kill()
        runs["killed"].process.wait()
        told = answered(scene, runs)
        ended = all_end({name: runs[name] for name in RUNS if name != "killed"})
        return Story(scene, runs, told, ended, before, state(connection), scene.ask(ANSWERS))


def seal(scene: Scene, users: int) -> None:
    """Have a key, and more users with an envelope each, as if there had been a run."""
    with scene.library() as (access, store), scene.connect() as connection:
        schema.migrate(store)
        keyring = data_key.ensure_active(store, access.kek(), "test")
        for key in range(2, users + 2):
            envelope = str(keyring.seal(Place(FIELD, (key,)), Secret("JBSWY3DPEHPK3PXP")))
            connection.execute(
                "INSERT INTO users VALUES (%s, %s, true, NULL, %s)", [key, str(key), envelope]
            )


def answered(scene: Scene, runs: dict[str, Waiting]) -> dict[str, Ended]:
    """Answer each run, from shells that reach no Prefect but for one."""
    told = {
        "status": scene.command_line.run("status", "--json", PREFECT_API_URL=NOBODY),
        "no name": runs["rejected"].approve("--as", " "),
        "rejected": runs["rejected"].approve(
            "--as", "Ada Lovelace", "--reject", "--reason", "not now", "--json",
            PREFECT_API_URL=NOBODY,
        ),
        "again": runs["rejected"].approve("--as", "Eve", PREFECT_API_URL=NOBODY),
        "killed": runs["killed"].approve("--as", "Ada Lovelace", PREFECT_API_URL=NOBODY),
        "unknown": scene.command_line.run("approve", str(uuid4()), "--as", "Ada Lovelace"),
    }  # fmt: skip
    scene.command_line.write_config(f"{CONFIG}\n[approval]\nby_another = true\n")
    told["own"] = runs["own"].approve("--as", "Ada Lovelace", PREFECT_API_URL=NOBODY)
    scene.command_line.write_config(CONFIG)
    runs["own"].process.send_signal(signal.SIGTERM)
    with scene.connect() as connection:
        connection.execute(END_SESSION, [f"reseal run {runs['in the form'].run_id}"])
    runs["in the form"].fills_in(approver="Grace Hopper")
    # What refuses now did not when the plan was made.
    with scene.connect() as connection:
        connection.execute("CREATE RULE r AS ON UPDATE TO users DO ALSO NOTHING")
    told["mended"] = runs["mended"].approve("--as", "Ada Lovelace", PREFECT_API_URL=NOBODY)
    return told


def test_an_answer_reaches_a_run_where_no_prefect_is_reached(story: Story) -> None:
    told, ended = story.told["rejected"], story.ended["rejected"]
    assert (told.code, told.document["through"]) == (0, "database")
    assert ended.code == 3
    assert ended.document["message"] == "rejected by Ada Lovelace: not now; nothing was written"
    written = story.runs["rejected"].written("approval")
    assert (written["by"], written["name"], written["database_user"]) == (
        "command", "Ada Lovelace", story.scene.ask("SELECT session_user::text"),
    )  # fmt: skip
    # Prefect has the same answer.
    given = story.scene.api(
        f"flow_runs/{story.runs['rejected'].run_id}/input/paused-approval-response"
    )
    assert (json.loads(given) if isinstance(given, str) else given)["approver"] == "Ada Lovelace"


def test_the_status_names_the_runs_that_wait(story: Story) -> None:
    found = {run["run_id"] for run in story.told["status"].document["waiting"]}
    assert found == {run.run_id for name, run in story.runs.items() if name != "killed"}


SENTENCES = {
    "no name": "say who answers, by name: --as NAME",
    "again": "was rejected by Ada Lovelace at",
    "killed": "does not wait any more: its process has ended",
    "unknown": "was not answered: Prefect knows of no such run",
    "own": "and by_another in [approval] of reseal.toml asks for another person",
}


@pytest.mark.parametrize(("name", "says"), SENTENCES.items(), ids=SENTENCES)
def test_what_is_no_answer_gets_one_sentence(story: Story, name: str, says: str) -> None:
    assert says in sentence(story.told[name], 2)


def test_the_gates_are_looked_at_again_after_an_approval(story: Story) -> None:
    assert story.told["mended"].code == 0
    ended = story.ended["mended"]
    assert (ended.code, ended.document["outcome"]) == (3, "refused")
    assert missing(("preflight refused", "rules", "DROP RULE"), ended.document["message"]) == []
    assert story.runs["mended"].written("approval")["decision"] == "approved"


def test_a_run_that_is_told_to_end_asks_no_more(story: Story) -> None:
    ended = story.ended["own"]
    assert (ended.code, ended.document["outcome"]) == (6, "stopped")
    assert story.runs["own"].written("approval")["decision"] == "withdrawn"


def test_a_lost_connection_does_not_lose_the_answer(story: Story) -> None:
    ended = story.ended["in the form"]
    assert ended.document["message"] == "rejected by Grace Hopper; nothing was written"


def test_nothing_is_changed_but_what_reseal_keeps_of_the_answers(story: Story) -> None:
    assert story.after == story.before
    assert story.scene.ask(WRITES) == 0
    decisions = {name: story.decisions[run.run_id] for name, run in story.runs.items()}
    assert decisions == {
        "rejected": "rejected", "killed": "", "own": "withdrawn", "mended": "approved",
        "in the form": "rejected",
    }  # fmt: skip
    with story.scene.library() as (_, store):
        assert verify_log(store).faults == []


def test_a_rotation_is_planned_as_one(story: Story) -> None:
    plan = story.runs["rejected"].written("approval-plan")
    part = plan["fields"][FIELD]
    assert (part["to_write"], part["settled"]) == (51, 0)
    assert plan["key_change"] == "a new key takes over; the one before opens only"
    assert plan["keys"] == [{"version": 1, "state": "active"}]


def test_an_approved_rotation_goes_on(story: Story) -> None:
    with story.scene.connect() as connection:
        connection.execute("DROP RULE r ON users")
    run = waits(story.scene, "approved", "rotate", READY)
    run.approve("--as", "Grace Hopper", PREFECT_API_URL=NOBODY)
    ended = run.ends()
    assert (ended.code, ended.part(FIELD)["after"]["sealed"]) == (0, {"2": 51})


def test_a_time_without_a_question_is_wrong_use(story: Story) -> None:
    reseal = story.scene.command_line
    said = sentence(reseal.run("rotate", "--approval-timeout", "9"), 2)
    assert "goes with --require-approval" in said
    said = sentence(reseal.run("encrypt", "--require-approval", "--approval-timeout", "0"), 2)
    assert "from 1 to 2592000" in said
