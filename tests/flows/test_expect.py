"""What must be true before the first write and after the last: what was claimed is on record."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reseal.store import schema
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene, Stored

pytestmark = pytest.mark.slow

SECRETS = 20
# A backup that was whole when it was proven.
LOSES_A_ROW = """
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN DELETE FROM reseal.backup WHERE row_key = ARRAY['7']; RETURN NULL; END $$;
CREATE TRIGGER lose AFTER UPDATE OF proven ON reseal.backup_set FOR EACH ROW
    EXECUTE FUNCTION lose();
"""
LOSES_NO_MORE = "DROP TRIGGER lose ON reseal.backup_set"


@dataclass(frozen=True)
class Story:
    """A run whose backup loses a row once it is proven, and the run after it."""

    before: Stored
    left: Stored
    stopped: Ended
    partial: Ended


@pytest.fixture(scope="module")
def story(make_scene: Callable[[], Scene]) -> Story:
    scene = make_scene()
    before = scene.enrol(["JBSWY3DPEHPK3PXP"] * SECRETS + ["hunter2!"])
    with scene.library() as (_, store):
        schema.migrate(store)
    with scene.connect() as connection:
        connection.execute(LOSES_A_ROW.encode())
    stopped = scene.command_line.run("encrypt", "--json")
    left = scene.stored()
    with scene.connect() as connection:
        connection.execute(LOSES_NO_MORE.encode())
    return Story(before, left, stopped, scene.command_line.run("encrypt", "--json"))


def record(ended: Ended, name: str) -> dict[str, Any]:
    """What a run has written of a suite."""
    path = Path(ended.document["evidence"]) / f"{name}-{FIELD}.json"
    written: dict[str, Any] = json.loads(path.read_text())
    return written


def untrue(ended: Ended, name: str) -> list[str]:
    """The claims of a suite that do not hold."""
    return [each["sentence"] for each in record(ended, name)["claims"] if not each["success"]]


def test_a_backup_that_has_lost_a_row_since_its_proof_ends_the_run_before_it_seals(
    story: Story,
) -> None:
    document = story.stopped.document
    assert (story.stopped.code, document["outcome"]) == (1, "failed")
    said = "The backup is proven: a restore gave back every original that it holds."
    assert document["message"].startswith(f"not true of {FIELD}: {said} Nothing was sealed")
    assert untrue(story.stopped, "before-seal") == [said]
    assert story.left == story.before
    assert "encrypt" not in document["stages"]


def test_a_row_in_quarantine_is_a_claim_that_does_not_hold(story: Story) -> None:
    assert (story.partial.code, untrue(story.partial, "before-seal")) == (4, [])
    assert untrue(story.partial, "validation") == ["No row is in quarantine."]
    assert story.partial.part(FIELD)["failed_claims"] == ["No row is in quarantine."]
    assert record(story.partial, "validation")["success"] is False


@pytest.mark.parametrize(
    ("name", "amounts"),
    [
        ("before-seal", {"backup restored": 20, "shield stands": 1, "seals in all": 0}),
        (
            "validation",
            {
                "initialisation vectors opened": 20,
                "initialisation vectors repeated": 0,
                "originals met": 20,
                "codes compared": 20,
                "quarantine set aside": 1,
                "seals in all": 20,
            },
        ),
    ],
)
def test_what_was_counted_stands_beside_the_claims(
    story: Story, name: str, amounts: dict[str, int]
) -> None:
    measures = record(story.partial, name)["measures"]
    counted = {f"{one['what']} {one['of']}": one["amount"] for one in measures}
    assert counted.items() >= amounts.items()
