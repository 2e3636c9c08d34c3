"""`reseal keys`: what a person sees and gets, through the real command line, without Prefect."""

import json
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from expectations import gates
from reseal.key_policy import KeyPolicy
from reseal.sweep.turn import Turn
from tests.flows.conftest import CONFIG, Ended
from tests.flows.rotations import OLD, enrolled, seal_all
from tests.flows.scene import FIELD, Scene, new_scene, together
from tests.flows.sentences import NOBODY
from tests.reseal.key_scene import KeyScene
from tests.reseal.scene import Scene as Hands

pytestmark = pytest.mark.slow

POLICY = "\n[keys]\nbase_backups_kept_days = 0\n"
READY, BY = "--assume-readers-ready", "--approved-by=Grace Hopper"
USERS = 20
STATES = "SELECT json_object_agg(version, state) FROM reseal.data_key"


@dataclass
class Told:
    """What each command of a story said, by its name, and how the keys stood after it."""

    scene: Scene
    steps: dict[str, Ended] = field(default_factory=dict)
    states: dict[str, dict[str, str] | None] = field(default_factory=dict)

    def keys(self, name: str, *words: str, **environment: Any) -> None:
        """Run a command on keys as the step of this name."""
        self.steps[name] = self.scene.command_line.run("keys", *words, **environment)
        self.states[name] = self.scene.ask(STATES)

    def at_once(self, commands: dict[str, tuple[str, ...]]) -> None:
        """Run commands that change nothing, all at once."""
        run = self.scene.command_line.run
        works = [partial(run, *words) for words in commands.values()]
        self.steps |= dict(zip(commands, together(*works), strict=True))

    @contextmanager
    def library(self) -> Iterator[KeyScene]:
        """The keys in the hands of the library, to arrange what takes months."""
        with self.scene.library() as (access, store), self.scene.connect() as connection:
            yield KeyScene(Hands(access, store, connection), KeyPolicy(base_backups_kept_days=0))


def key_of() -> str:
    return b64encode(os.urandom(32)).decode()


EVERY = {
    "stage": ("stage",), "retire": ("retire", "1"), "disable": ("disable", "1"),
    "rewrap": ("rewrap", "--to=env:NEW"),
}  # fmt: skip


@pytest.fixture(scope="module")
def told(server, template, tmp_path_factory) -> Iterator[Told]:
    directory = tmp_path_factory.mktemp("keys")
    with new_scene(server, template, NOBODY, directory, directory) as scene:
        scene.command_line.write_config(CONFIG + POLICY)
        scene.command_line.environment["NEW"] = key_of()
        yield tell(Told(scene))


def tell(told: Told) -> Told:
    """Before the first key, then a key's whole life, and at last another KEK."""
    before = {f"no key: {name}": ("keys", *words) for name, words in EVERY.items()}
    told.at_once(before | {"no key: list": ("keys", "list", "--json")})
    seal_all(enrolled(told.scene, USERS))
    takes_over(told)
    goes(told)
    changes_its_kek(told)
    return told


def takes_over(told: Told) -> None:
    """The second key: staged twice, refused, activated."""
    told.keys("stage", "stage", "--owner", "Ada", "--json")
    told.keys("stage again", "stage")
    told.keys("nobody reports", "activate", "2", "--json")
    told.keys("activate", "activate", "2", READY, "--json")
    told.at_once(
        {
            "list": ("keys", "list", "--json"),
            "list to a person": ("keys", "list"),
            "retire the active": ("keys", "retire", "2"),
            "disable the active": ("keys", "disable", "2", BY),
            "unknown": ("keys", "activate", "9", READY),
            "disable at once": ("keys", "disable", "1", "--json"),
        }
    )


def goes(told: Told) -> None:
    """The first key: brought to nothing, given back, and away for good."""
    with told.library() as life:
        life.scene.sweep_heaps(Turn.RESEAL)
        life.keys.count_and_record()
        life.passes(days=8)
    told.keys("nobody approved", "disable", "1")
    told.keys("disable", "disable", "1", BY, "--json")
    told.keys("destroy at once", "destroy", "1", BY, "--json")
    with told.library() as life:
        life.passes(days=8)
    told.keys("destroy", "destroy", "1", BY)
    told.keys("destroyed is destroyed", "retire", "1")


def changes_its_kek(told: Told) -> None:
    """Every command with the old KEK, and again with the new one."""
    told.keys("no new kek", "rewrap")
    told.keys("a new kek that there is not", "rewrap", "--to", "env:NOWHERE")
    told.keys("rewrap", "rewrap", "--json", RESEAL_NEW_KEK="env:NEW")
    told.keys("rewrap again", "rewrap", "--to", "env:NEW")
    old = {
        "stage": ("keys", "stage"),
        "activate": ("keys", "activate", "2", READY),
        "verify": ("verify",),
    }
    told.at_once({f"old kek: {name}": words for name, words in old.items()})
    told.keys("the new kek", "stage", "--json", RESEAL_KEK="env:NEW")


def ended(told: Told, name: str, code: int, *says: str) -> Ended:
    """How a step ended: with this code and, where that is not 0, with one sentence at the end."""
    step = told.steps[name]
    assert step.code == code, step.err
    if code:
        lines = step.err.splitlines()
        assert lines[-1].startswith("reseal: ")
        assert [text for text in says if text not in lines[-1]] == [], lines[-1]
    else:
        assert [text for text in says if text not in step.err] == [], step.err
    return step


@pytest.mark.parametrize("name", EVERY)
def test_before_the_first_key_every_command_says_what_comes_first(told: Told, name: str) -> None:
    step = ended(told, f"no key: {name}", 2, "no data key", "reseal encrypt")
    assert (step.out, len(step.err.splitlines())) == ("", 1)


def test_before_the_first_key_the_list_is_empty(told: Told) -> None:
    assert ended(told, "no key: list", 0).document == {"keys": []}


def test_a_key_is_staged_once(told: Told) -> None:
    step = ended(told, "stage", 0)
    assert step.document == {"version": 2, "state": "staged", "made": True}
    assert ended(told, "stage again", 0, "Key 2 was staged before.").out == ""
    assert told.states["stage again"] == {"1": "active", "2": "staged"}


def test_a_key_is_activated_where_readers_are_ready_or_assumed(told: Told) -> None:
    step = ended(told, "nobody reports", 3, "--assume-readers-ready")
    assert step.out == ""
    assert told.states["nobody reports"] == {"1": "active", "2": "staged"}

    step = ended(told, "activate", 0)
    assert step.document == {"version": 2, "state": "active", "readers": []}
    assert told.states["activate"] == {"1": "retiring", "2": "active"}


def test_the_list_is_the_inventory(told: Told) -> None:
    one, two = ended(told, "list", 0).document["keys"]

    assert (one["state"], two["state"]) == ("retiring", "active")
    assert (one["rows"], two["rows"]) == (len(told.scene.sealed()), 0)
    assert (one["fields"], two["owner"]) == ({FIELD: one["rows"]}, "Ada")
    assert {word: two[word] for word in ("algorithm", "strength", "kek", "purpose")} == {
        "algorithm": "AES-256-GCM", "strength": 256, "kek": "env:TEST_KEK",
        "purpose": "mfa secrets",
    }  # fmt: skip
    assert {"created", "activated", "expires", "seals", "opens", "backup_rows"} <= two.keys()


def test_a_person_sees_a_table(told: Told) -> None:
    step = ended(told, "list to a person", 0)
    heading, one, two = step.err.splitlines()

    assert step.out == ""
    assert heading.split() == [
        "version", "state", "algorithm", "owner", "created", "activated", "expires", "seals",
        "rows", "backup_rows",
    ]  # fmt: skip
    assert one.split()[:3] == ["1", "retiring", "AES-256-GCM"]
    assert two.split()[:4] == ["2", "active", "AES-256-GCM", "Ada"]


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("retire the active", 3, ("data key 2 is the one that seals", "reseal rotate")),
        ("disable the active", 3, ("data key 2 is active and cannot become disabled",)),
        ("unknown", 2, ("there is no data key 9; there is: 1, 2",)),
        ("destroyed is destroyed", 3, ("data key 1 is destroyed",)),
        ("no new kek", 2, ("--to", "RESEAL_NEW_KEK")),
        ("a new kek that there is not", 2, ("NOWHERE is not set",)),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(told: Told, name: str, code: int, says) -> None:
    step = ended(told, name, code, *says)
    assert (step.out, len(step.err.splitlines())) == ("", 1)


def test_a_key_that_is_needed_is_not_disabled_and_every_gate_is_told(told: Told) -> None:
    rows = told.steps["list"].document["keys"][0]["rows"]
    step = ended(told, "disable at once", 3, "key 1 is not disabled: ")

    gates = {gate["name"]: gate for gate in step.document["gates"]}
    assert (step.document["version"], step.document["state"]) == (1, "retiring")
    assert step.document["done"] is False
    assert gates["census now"]["evidence"] == f"{rows} rows of {FIELD}"
    assert {name for name, gate in gates.items() if gate["verdict"] == "fail"} == {
        "last census", "census now", "reads", "base backups", "approval",
    }  # fmt: skip
    assert all((gate["remedy"] is None) == (gate["verdict"] == "pass") for gate in gates.values())


def test_a_key_that_nobody_needs_is_disabled_with_approval(told: Told) -> None:
    step = ended(told, "nobody approved", 3, "approval: by nobody; pass --approved-by")
    assert "fail" in step.err
    assert "Nothing is under key 1." in step.err
    assert step.out == ""
    assert told.states["nobody approved"] == {"1": "retiring", "2": "active"}

    document = ended(told, "disable", 0).document
    assert (document["done"], document["state"]) == (True, "disabled")
    assert told.states["disable"] == {"1": "disabled", "2": "active"}


def test_a_key_is_destroyed_when_it_was_disabled_for_a_week(told: Told) -> None:
    step = ended(told, "destroy at once", 3, "key 1 is not destroyed: time disabled: ", "wait unt")
    failed = [gate["name"] for gate in step.document["gates"] if gate["verdict"] == "fail"]
    assert failed == ["time disabled"]
    # What is printed here is what a rotation claims, for every gate that there is.
    assert {gate["name"]: gate["sentence"] for gate in step.document["gates"]} == {
        name: gates.said(name, "key 1") for name in gates.SENTENCES
    }

    assert ended(told, "destroy", 0, "Key 1 is destroyed.").out == ""
    assert told.states["destroy"] == {"1": "destroyed", "2": "active"}


def test_the_keys_move_to_another_kek_once(told: Told) -> None:
    assert ended(told, "rewrap", 0).document == {"kek": "env:NEW", "moved": [2]}
    ended(told, "rewrap again", 0, "0 data keys")


@pytest.mark.parametrize("name", ["stage", "activate", "verify"])
def test_with_the_old_kek_nothing_goes_on(told: Told, name: str) -> None:
    step = ended(told, f"old kek: {name}", 2, "env:TEST_KEK does not open the stored data keys")
    assert (step.out, len(step.err.splitlines())) == ("", 1)


def test_with_the_new_kek_all_goes_on(told: Told) -> None:
    assert ended(told, "the new kek", 0).document["version"] == 3
    assert told.states["the new kek"] == {"1": "destroyed", "2": "active", "3": "staged"}


def test_nothing_that_is_printed_is_a_secret_or_a_key(told: Told) -> None:
    environment = told.scene.command_line.environment
    secrets = [OLD, *(environment[name] for name in ("TEST_KEK", "TEST_BACKUP_KEK", "NEW"))]
    secrets += told.scene.sealed().values()
    secrets += told.scene.ask("SELECT array_agg(encode(check_value, 'hex')) FROM reseal.data_key")

    said = json.dumps([(step.out, step.err) for step in told.steps.values()])
    assert [text for text in secrets if text in said] == []
