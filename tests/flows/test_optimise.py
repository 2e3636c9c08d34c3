"""`reseal optimise`: what is measured, built and kept, by the command and in its evidence."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bundles import differences
from tests.flows.conftest import CONFIG, Ended
from tests.flows.scene import FIELD, Scene, secrets
from tests.flows.sentences import sentence

pytestmark = pytest.mark.slow

USERS = 20_000
LOGIN = "SELECT id, mfa_enabled FROM users WHERE lower(email) = $1 AND mfa_enabled"
OF_ALL = "SELECT id, email FROM users WHERE plan = $1"
ASKED = f"""{CONFIG}
[optimise]
queries = ["{LOGIN}", "{OF_ALL}"]
"""
INDEXES = """
SELECT array_agg(indexname::text ORDER BY indexname) FROM pg_indexes WHERE tablename = 'users'
"""
HAS_SCHEMA = "SELECT to_regnamespace('reseal') IS NOT NULL"


@pytest.fixture(scope="module")
def scene(make_scene: Callable[[], Scene]) -> Scene:
    """Users that no index finds by lower(email), and who all have the same plan."""
    made = make_scene()
    made.enrol(secrets(USERS, random.Random(9)))
    with made.connect() as connection:
        connection.execute("ALTER TABLE users ADD plan text NOT NULL DEFAULT 'free'")
    made.command_line.write_config(ASKED)
    return made


@pytest.fixture(scope="module")
def dry(scene: Scene) -> Ended:
    """A dry run, before anything else."""
    before = scene.ask(INDEXES)
    ended = scene.command_line.run("optimise", "--dry-run", "--json")
    assert scene.ask(INDEXES) == before
    assert not scene.ask(HAS_SCHEMA)
    return ended


@pytest.fixture(scope="module")
def wet(scene: Scene, dry: Ended) -> Ended:
    """What follows it."""
    return scene.command_line.run("optimise", "--field", FIELD, "--json")


def trials(ended: Ended) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ended.part(FIELD)["optimised"]["trials"]
    return found


def test_a_dry_run_says_what_would_be_tried(dry: Ended) -> None:
    assert dry.code == 0, dry.err
    assert dry.document["mode"] == "validate-only"
    assert dry.document["message"] == "2 login queries; 2 indexes to try; nothing was built"
    assert [trial["why"] for trial in trials(dry)] == ["it would be built and measured"] * 2
    assert [trial["after"] for trial in trials(dry)] == [None, None]


def test_what_helps_is_kept_and_what_does_not_is_gone(scene: Scene, wet: Ended) -> None:
    assert wet.code == 0, wet.err
    assert wet.document["message"] == "2 login queries; 2 indexes, 1 kept"
    login, of_all = trials(wet)
    assert (login["kept"], of_all["kept"]) == (True, False)
    assert login["before"]["pages"] > 100 > 5 > login["after"]["pages"]
    assert of_all["why"] == "the planner does not take it"
    assert login["index"] in scene.ask(INDEXES)
    assert of_all["index"] not in scene.ask(INDEXES)


def test_the_evidence_has_all_of_it_and_no_value(scene: Scene, wet: Ended) -> None:
    bundle = Path(wet.document["evidence"])
    recorded = json.loads((bundle / f"optimise-{FIELD}.json").read_text())
    assert recorded == wet.part(FIELD)["optimised"]
    assert recorded["kept"]
    assert differences(bundle) == []
    page = (bundle / "report.html").read_text()
    assert "measured the login queries of" in page
    assert "lower(email) = $1" in page
    written = "".join(path.read_text() for path in bundle.glob("*.json"))
    assert "@example.com" not in written + wet.err + page


def test_a_person_sees_a_line_a_query(scene: Scene, wet: Ended) -> None:
    ended = scene.command_line.run("optimise")

    assert ended.code == 0, ended.err
    assert "kept" in ended.err
    assert "WHERE lower(email) = $1 AND mfa_enabled (from [optimise] queries)" in ended.err
    assert "it stands since an earlier run" in ended.err


NOT_RUN = {
    "SELECT id FROM users WHERE lower(email) = $1 FOR UPDATE": "FOR UPDATE",
    "DELETE FROM users WHERE email = $1": "DELETE where SELECT is due",
    "SELECT id FROM orders WHERE id = $1": "of no field's table",
    "SELECT id FROM users WHERE nick = $1": "a column that the table has not",
}


@pytest.mark.parametrize("text", NOT_RUN)
def test_a_query_that_is_not_run_is_told_in_one_sentence(scene: Scene, wet: Ended, text: str):
    before = scene.ask(INDEXES)
    scene.command_line.write_config(f'{CONFIG}\n[optimise]\nqueries = ["{text}"]\n')

    said = sentence(scene.command_line.run("optimise"), 2)

    assert "query 1 in [optimise]" in said
    assert NOT_RUN[text] in said
    assert scene.ask(INDEXES) == before


def test_an_encryption_is_not_begun_with_a_query_that_is_not_run(scene: Scene, wet: Ended):
    scene.command_line.write_config(f'{CONFIG}\n[optimise]\nqueries = ["DROP TABLE users"]\n')

    assert "DROP where SELECT is due" in sentence(scene.command_line.run("encrypt"), 2)
