"""The flow `retire_key` asks the gates that `reseal keys disable` asks, and shows each of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reseal.store import data_key, schema
from tests.flows.scene import Scene

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scene(make_scene: Callable[[], Scene]) -> Scene:
    """Two keys, of which the first is retiring."""
    made = make_scene()
    with made.library() as (access, store):
        schema.migrate(store)
        data_key.ensure_active(store, access.kek(), "test")
    for words in (("stage",), ("activate", "2", "--assume-readers-ready")):
        assert made.command_line.run("keys", *words).code == 0
    return made


def retired(scene: Scene, **options: Any) -> dict[str, str]:
    ended = replace(scene.command_line, program="tests.flows.retire").run(json.dumps(options))
    assert ended.code == 0, ended.err
    said: dict[str, str] = json.loads(ended.out.splitlines()[-1])
    return said


def test_where_a_gate_is_closed_nothing_changes_and_the_table_says_why(scene: Scene):
    said = retired(scene, version=1)

    assert said["name"] == "Refused"
    assert said["message"].startswith("key 1 is not disabled: ")
    (table,) = scene.of_run("artifacts", said["run_id"])
    gates = json.loads(table["data"])
    assert (table["key"], table["description"]) == ("gates", "Key 1: not yet")
    (approval,) = (gate for gate in gates if gate["name"] == "approval")
    assert approval["verdict"] == "fail"
    assert approval["sentence"]
    with scene.library() as (_, store):
        assert data_key.states(store)[1] == "retiring"


def test_a_key_that_seals_is_never_retired(scene: Scene):
    said = retired(scene, version=2, approved_by="Ada")

    assert said["name"] == "Failed"
    with scene.library() as (_, store):
        assert data_key.states(store)[2] == "active"
