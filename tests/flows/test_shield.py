"""What runs do with the shield: two fields on one short column, and a guard in its place."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import CONFIG, Ended
from tests.flows.scene import Scene

SHORT, LONG = "JBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

FIELDS = "".join(
    f'[[field]]\nname = "t.{kind}"\ntable = "t"\ncolumn = "s"\nwhere = "kind = \'{kind}\'"\n'
    for kind in "ab"
)

# An envelope of the one secret fits in 190 characters, one of the other does not.
TABLE = f"""
CREATE TABLE t (id int PRIMARY KEY, kind text, s varchar(190));
INSERT INTO t SELECT i, 'a', '{SHORT}' FROM generate_series(1, 10) AS i;
INSERT INTO t SELECT i, 'b', '{LONG}' FROM generate_series(11, 20) AS i;
ALTER TABLE t ALTER s SET NOT NULL;
"""

# Somebody forbids what a run does once the guard stands.
FORBID = """
CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conname LIKE 'reseal%sealed%' AND convalidated) THEN
        RAISE insufficient_privilege USING MESSAGE = 'not today';
    END IF;
END $$;
CREATE EVENT TRIGGER forbid ON ddl_command_start WHEN TAG IN ('DROP TRIGGER')
EXECUTE FUNCTION forbid();
"""

SHIELDS = "SELECT count(DISTINCT tgfoid) FROM pg_trigger WHERE tgname LIKE 'reseal_shield%%'"
GUARDS = "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'reseal%%sealed%%'"
PLAIN = "SELECT count(*) FROM t WHERE s NOT LIKE 'eyJ%%'"


@dataclass
class Story:
    """Runs one after the other, and how many shields and guards stood after each."""

    scene: Scene
    ended: list[Ended]
    standing: list[tuple[int, int]]

    def encrypt(self, *options: str) -> None:
        self.ended.append(self.scene.command_line.run("encrypt", "--json", *options))
        self.standing.append((self.scene.ask(SHIELDS), self.scene.ask(GUARDS)))

    def record(self, run: int, name: str) -> dict[str, Any]:
        evidence = Path(self.ended[run].document["evidence"])
        return dict(json.loads((evidence / f"{name}.json").read_text()))


@pytest.fixture(scope="module")
def story(make_scene: Callable[[], Scene]) -> Story:
    told = Story(make_scene(), [], [])
    told.scene.command_line.write_config(CONFIG[: CONFIG.index("[[field]]")] + FIELDS)
    with told.scene.connect() as connection:
        connection.execute(TABLE.encode())
        told.encrypt()
        connection.execute("UPDATE t SET s = %s WHERE id = 1", [LONG])
        connection.execute(FORBID.encode())
        told.encrypt("--guard")
        connection.execute("DROP EVENT TRIGGER forbid")
        told.encrypt("--guard")
    return told


def test_two_fields_on_one_short_column_are_sealed_behind_a_shield_each(story: Story) -> None:
    assert [ended.code for ended in story.ended] == [0, 0, 0], story.ended[0].err
    assert story.scene.ask(PLAIN) == 0
    assert [story.record(0, f"prepare-t.{kind}")["widened"] for kind in "ab"] == [False, True]
    assert story.standing[0] == (2, 0)


def test_a_guard_that_stands_is_told_though_the_shield_could_not_be_dropped(story: Story) -> None:
    guarded = story.record(1, "guard-t.b")
    assert guarded["raised"]
    assert guarded["shield"].startswith("still stands: the database said: ")
    assert story.standing[1] == (2, 2)


def test_and_the_next_run_drops_it(story: Story) -> None:
    assert story.record(2, "guard-t.b") == {"raised": True, "why": None, "shield": "dropped"}
    assert story.standing[2] == (0, 2)
