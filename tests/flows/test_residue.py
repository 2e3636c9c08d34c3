"""What the command says of old secrets on disk is true, by a search that knows nothing of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene, scene_on
from tests.residue.__main__ import left
from tests.residue.grep import grep
from tests.residue.load import Load, writing
from tests.residue.server import fill, talkative_server

pytestmark = pytest.mark.slow

ROWS = 4000

NO_RIGHTS = """
CREATE ROLE no_rights LOGIN;
GRANT USAGE ON SCHEMA reseal TO no_rights;
GRANT SELECT ON ALL TABLES IN SCHEMA reseal TO no_rights;
GRANT SELECT ON users TO no_rights;
"""


@dataclass(frozen=True)
class Story:
    """A table that was encrypted under load on a talkative server, and what was found when."""

    scene: Scene
    data: Path
    old: list[str]
    before: dict[str, int]
    ended: Ended
    load: Load
    after: dict[str, int]

    @property
    def cleaned(self) -> dict[str, Any]:
        record = self.scene.directory / self.ended.document["evidence"] / f"clean-{FIELD}.json"
        cleaned: dict[str, Any] = json.loads(record.read_text())
        return cleaned

    def found(self, kind: str) -> list[int]:
        return [one["found"][kind] for one in self.cleaned["steps"] if one["found"]]


@pytest.fixture(scope="module")
def story(
    prefect_api: str, prefect_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    directory, place = tmp_path_factory.mktemp("server"), tmp_path_factory.mktemp("scene")
    with talkative_server(directory) as url:
        old = fill(url, ROWS)
        scene = scene_on(url, prefect_api, prefect_home, place)
        before = grep(url, directory / "data", old)
        with writing(url, ROWS) as load:
            ended = scene.command_line.run("encrypt", "--json", timeout=300)
        after = grep(url, directory / "data", old)
        yield Story(scene, directory / "data", old, before, ended, load, after)


def test_everything_was_sealed_under_load(story: Story):
    assert story.ended.code == 0, story.ended.err
    assert story.load.logins > 20
    assert story.ended.part(FIELD)["after"]["plain"] == 0


def test_nothing_is_left_but_in_the_logs(story: Story):
    assert set(story.before) >= {"tables", "statistics", "statements", "wal", "log"}
    assert left(story.after) == {}
    assert story.ended.part(FIELD)["residue"] == 0


@pytest.mark.parametrize("kind", ["heap", "statistics", "statements"])
def test_the_count_falls_step_by_step_to_none(story: Story, kind: str):
    found = story.found(kind)
    assert found[0] > 0
    assert found[-1] == 0
    assert found == sorted(found, reverse=True)


def test_the_logs_are_told_of_truthfully(story: Story):
    wal = story.found("write-ahead log")
    assert wal[0] > 0
    # Searched a moment later: of a log that others go on writing, old segments are written over.
    assert story.after.get("wal", 0) <= wal[-1]
    assert story.found("server log")[-1] == story.after["log"]


def test_the_command_looks_at_any_time_and_changes_nothing(story: Story):
    run = story.scene.command_line.run("residue", "--json")
    assert run.code == 0, run.err
    document = run.document
    assert document["clean"]
    assert document["secrets"] == ROWS
    assert document["found"]["heap"] == document["found"]["index"] == 0
    assert document["found"]["server log"] == story.after["log"]


def test_its_table_names_every_place(story: Story):
    shown = story.scene.command_line.run("residue").err
    for place in ("users", "pg_statistic", "pg_wal", "log_directory"):
        assert place in shown
    assert "Nothing of them is left" in shown


def test_no_secret_is_shown_or_kept(story: Story):
    files = [path for path in story.scene.directory.rglob("*") if path.is_file()]
    texts = [
        story.ended.out,
        story.ended.err,
        *(path.read_text(errors="replace") for path in files),
    ]
    assert not any(secret in text for secret in story.old[:50] for text in texts)


def test_a_role_without_rights_is_told_that_nothing_is_verified(story: Story):
    with story.scene.connect() as connection:
        connection.execute(NO_RIGHTS)
    url = psycopg.conninfo.make_conninfo(story.scene.database, user="no_rights")
    run = story.scene.command_line.run("residue", "--json", RESEAL_DATABASE_URL=url)
    assert run.code == 0, run.err
    assert {run.document["found"][kind] for kind in ("heap", "index", "write-ahead log")} == {None}
    assert not run.document["clean"]
    assert any("may not read the server's files" in why for why in run.document["not_verified"])


def test_cleaning_again_finds_nothing_to_do(story: Story):
    run = story.scene.command_line.run("residue", "--clean", "--json")
    assert run.code == 0, run.err
    assert run.document["outcome"] == "done"


def test_the_night_reminds_of_what_others_keep(story: Story):
    run = story.scene.command_line.run("verify", "--json")
    reminders = run.part(FIELD)["reminders"]
    assert any("dumps of the database can hold old plaintext" in text for text in reminders)
    shown = story.scene.command_line.run("verify").err
    assert reminders[0] in " ".join(shown.split())
