"""With RESEAL_LOG=json a command writes lines of JSON, each with its run's id, and no secret."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import SENTINEL
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scene(make_scene: Callable[[], Scene]) -> Scene:
    made = make_scene()
    made.enrol([SENTINEL] * 50)
    return made


@pytest.fixture(scope="module")
def encrypted(scene: Scene) -> Ended:
    ended = scene.command_line.run("encrypt", "--json", RESEAL_LOG="json")
    assert ended.code == 0, ended.err
    return ended


def lines(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.err.splitlines()]


def test_every_line_of_a_run_is_json_with_its_id(encrypted: Ended) -> None:
    told = [line for line in lines(encrypted) if line["logger"].startswith("reseal.")]

    assert {line["correlation"] for line in told} == {encrypted.run_id}
    assert {line["flow"] for line in told} == {"encrypt_secrets"}
    assert SENTINEL not in encrypted.err


def test_each_stage_and_the_end_are_told(encrypted: Ended) -> None:
    told = lines(encrypted)

    stages = [line["stage"] for line in told if line["message"] == "stage begins"]
    assert stages == list(dict.fromkeys(stages))
    assert set(encrypted.document["stages"]) <= set(stages)
    assert any(line["message"].startswith("run ends as done") for line in told)


def test_worker_processes_tell_their_field_and_stage_too(encrypted: Ended) -> None:
    told = [line for line in lines(encrypted) if line["logger"] == "reseal.sweep"]
    runner = {line["process"] for line in lines(encrypted) if line["logger"] == "reseal.run"}

    assert {(line["run_id"], line["field"], line["stage"]) for line in told} == {
        (encrypted.run_id, FIELD, "encrypt")
    }
    assert not runner & {line["process"] for line in told}


def test_what_is_wrong_is_a_line_too(scene: Scene) -> None:
    (line,) = lines(scene.command_line.run("verify", "--field", "nosuch", RESEAL_LOG="json"))

    assert (line["level"], "nosuch" in line["message"]) == ("error", True)


def test_another_word_is_refused(scene: Scene) -> None:
    ended = scene.command_line.run("status", RESEAL_LOG="xml")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "reseal: RESEAL_LOG is 'xml'; it must be json or console\n"


def test_without_the_setting_a_person_reads_what_she_did(scene: Scene) -> None:
    ended = scene.command_line.run("status")

    assert "{" not in ended.err
    assert ended.code == 0
