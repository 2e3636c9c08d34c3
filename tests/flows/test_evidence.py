"""A bundle for every run, however it ended, and what `reseal evidence` says of all of them."""

import csv
import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from reseal.evidence import merkle
from reseal.evidence.own_key import keep
from reseal.evidence.shelf import LocalShelf
from reseal.kek.local import LocalKek
from tests.bundles import KEY
from tests.conftest import SENTINEL
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene, secrets, wait_until

pytestmark = pytest.mark.slow

ROWS = 1000
NOTED = """
SELECT detail -> 'last' ->> 'sha256' FROM reseal.event
WHERE action = 'evidence closed' AND run_id = %s
"""


@dataclass
class Told:
    """The runs of one shelf in their order, and what a check of it says."""

    scene: Scene
    runs: dict[str, str] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.scene.directory / "evidence"

    def runs_as(self, what: str, *words: str) -> None:
        """Run a command to its end, and keep its run under a name."""
        before = self.bundles()
        self.ended[what] = self.scene.command_line.run(*words, "--json")
        (self.runs[what],) = self.bundles() - before

    def is_killed(self, what: str, *words: str) -> None:
        """Kill a command as soon as it has written how its checks came out."""
        before = self.bundles()
        process = self.scene.command_line.start(*words, "--json")
        wait_until(lambda: self._is_past_preflight(self.bundles() - before))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        (self.runs[what],) = self.bundles() - before

    def _is_past_preflight(self, runs: set[str]) -> bool:
        return any((self.root / run / "storage.json").exists() for run in runs)

    def bundles(self) -> set[str]:
        return {path.parent.name for path in self.root.glob("*/opening.json")}

    def facts(self, what: str) -> dict[str, Any]:
        manifest = self.root / self.runs[what] / "manifest.json"
        facts: dict[str, Any] = json.loads(manifest.read_text())
        return facts

    def evidence(self, *words: str) -> Ended:
        """Say `reseal evidence …` where there is neither a database nor a key."""
        line = self.scene.command_line
        secret = ("RESEAL_DATABASE_URL", "RESEAL_KEK", "RESEAL_BACKUP_KEK", "TEST_KEK")
        bare = {name: text for name, text in line.environment.items() if name not in secret}
        return replace(line, environment=bare).run("evidence", *words)


@pytest.fixture(scope="module")
def told(make_scene: Callable[[], Scene]) -> Told:
    """A run that is refused, one that is killed, and two that end well."""
    told = Told(make_scene())
    scene = told.scene
    scene.enrol([SENTINEL, *secrets(ROWS - 1, Random(8))])
    config = (scene.directory / "reseal.toml").read_text()
    scene.command_line.write_config(config.replace("public.users", "public.nobody"))
    told.runs_as("refused", "encrypt")
    scene.command_line.write_config(config)
    told.is_killed("killed", "encrypt")
    told.runs_as("encrypt", "encrypt", "--aggressive")
    told.runs_as("verify", "verify")
    return told


def test_every_run_has_a_bundle_in_the_chain(told: Told) -> None:
    listed = told.evidence("list", "--json").document["runs"]
    assert [(run["run_id"], run["outcome"]) for run in listed] == [
        (told.runs["refused"], "refused"),
        (told.runs["killed"], "interrupted"),
        (told.runs["encrypt"], "done"),
        (told.runs["verify"], "done"),
    ]
    previous = [told.facts(what)["previous"] for what in told.runs]
    heads = [{"run_id": run["run_id"], "sha256": run["sha256"]} for run in listed]
    assert previous == [None, *heads[:-1]]


def test_the_head_is_printed_and_kept_in_the_database(told: Told) -> None:
    runs = told.evidence("list", "--json").document["runs"]
    listed = {run["run_id"]: run["sha256"] for run in runs}
    for what in ("refused", "encrypt", "verify"):
        assert told.ended[what].document["evidence_head"] == listed[told.runs[what]]
    assert told.scene.ask(NOTED, UUID(told.runs["encrypt"])) == listed[told.runs["encrypt"]]


def test_a_check_needs_neither_a_database_nor_a_secret_key(told: Told, tmp_path: Path) -> None:
    key = tmp_path / "key.pub"
    key.write_text(told.evidence("key").out)
    head = told.ended["verify"].document["evidence_head"]

    checked = told.evidence("verify", "--key", str(key), "--head", head, "--json")

    assert checked.code == 0, checked.err
    document = checked.document
    assert (document["verdict"], document["bundles"], document["head"]) == ("intact", 4, head)
    assert (document["findings"], document["open"], document["key_from_bundle"]) == ([], [], False)


def test_a_person_is_told_to_hold_the_key_against_the_one_she_knows(told: Told) -> None:
    checked = told.evidence("verify")
    assert (checked.code, checked.out) == (0, "")
    assert "intact: 4 bundles" in checked.err
    assert "as the bundles say; hold it against the one you know" in checked.err


def test_what_was_edited_is_named_with_exit_code_1(told: Told, tmp_path: Path) -> None:
    root = shutil.copytree(told.root, tmp_path / "evidence")
    run = told.runs["encrypt"]
    (root / run / "run.json").write_text("{}")

    checked = told.evidence("verify", str(root), "--json")

    assert checked.code == 1
    assert checked.document["findings"] == [{"where": f"{run}/run.json", "what": "was changed"}]
    assert checked.err == f"reseal: {run}/run.json was changed\n"
    shown = told.evidence("show", run, str(root))
    assert (shown.code, shown.out, shown.err) == (1, "", checked.err)


def test_a_key_that_has_not_signed_the_chain_is_not_given_to_those_who_check(
    told: Told, tmp_path: Path
) -> None:
    shelf = LocalShelf(shutil.copytree(told.root, tmp_path / "evidence"))
    keep(shelf, KEY, [LocalKek("env:OTHER", bytes(32))])

    shown = told.evidence("key", str(shelf.root))

    assert (shown.code, shown.out) == (1, "")
    assert "has not signed head.dsse.json" in shown.err
    assert "signing-key.dsse.json holds a key" in told.evidence("verify", str(shelf.root)).err


def test_a_list_says_that_it_checks_nothing_and_a_run_by_which_key_it_was_signed(
    told: Told,
) -> None:
    assert "Nothing of it is checked here" in told.evidence("list").err
    assert not told.evidence("list", "--json").document["checked"]
    shown = told.evidence("show", told.runs["killed"])
    assert shown.code == 0
    assert "as it was signed by key" in shown.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("verify", "--key", "nowhere.pub"), "the key nowhere.pub cannot be read"),
        (("verify", "--key", "reseal.toml"), "reseal.toml is not an Ed25519 public key"),
        (("verify", "s3://user:password@bucket/at"), "has a password"),
        (("show", str(UUID(int=0))), "there is no bundle of run"),
        (("key", "nowhere"), "has no signing key"),
        (("verify", "nowhere"), "nowhere, so nothing was checked"),
    ],
    ids=["no key", "not a key", "a credential", "no run", "nothing there", "nothing to check"],
)  # fmt: skip
def test_wrong_use_is_told_in_one_sentence(told: Told, words: tuple[str, ...], says: str) -> None:
    ended = told.evidence(*words)
    assert (ended.code, ended.out) in ((2, ""), (1, ""))
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_the_manifest_tells_who_did_what_with_what(told: Told) -> None:
    facts = told.facts("encrypt")
    run, result = facts["run"], told.ended["encrypt"].document
    assert [run[word] for word in ("run_id", "flow", "mode", "outcome", "message")] == [
        result[word] for word in ("run_id", "flow", "mode", "outcome", "message")
    ]
    assert run["started"] < run["finished"]
    assert facts["parameters"]["mode"] == "aggressive"
    assert facts["operator"] == told.scene.ask("SELECT actor FROM reseal.run LIMIT 1")
    assert len(facts["code"]["sha256"]) == len(facts["configuration"]["sha256"]) == 64
    assert facts["server"]["version"].startswith("18")
    assert [key["state"] for key in facts["keys"]["after"]] == ["active"]
    assert facts["fields"] == result["fields"]
    assert facts["preflight"]["verdict"] in ("ok", "warn")
    assert facts["backup"][FIELD]["compared"] == facts["backup"][FIELD]["rows"]
    assert facts["validation"][FIELD]["success"]
    assert all(claim["success"] for claim in facts["validation"][FIELD]["claims"])
    assert facts["stages"] == result["stages"]


def test_the_batches_add_up_and_have_the_root_that_is_signed(told: Told) -> None:
    facts = told.facts("encrypt")
    content = (told.root / told.runs["encrypt"] / "batches.csv").read_bytes()
    rows = list(csv.DictReader(content.decode().splitlines()))
    assert len(rows) == facts["ledger"]["batches"]
    assert sum(int(row["changed"]) for row in rows) == facts["fields"][FIELD]["changed"]
    assert merkle.root(content.split(b"\r\n")[1:-1]) == facts["ledger"]["merkle_root"]


def test_of_a_refused_run_the_checks_are_kept(told: Told) -> None:
    facts = told.facts("refused")
    assert facts["preflight"]["verdict"] == "refuse"
    assert (facts["keys"], facts["ledger"]) == ({"before": [], "after": []}, None)


def test_of_a_killed_run_what_it_had_written_is_kept(told: Told) -> None:
    facts = told.facts("killed")
    assert (facts["run"]["outcome"], facts["run"]["flow"]) == ("interrupted", "encrypt_secrets")
    assert facts["preflight"]["checks"]


def test_no_secret_is_in_any_of_it(told: Told) -> None:
    held = [path.read_bytes() for path in told.root.rglob("*") if path.is_file()]
    assert len(held) > 30
    assert not any(SENTINEL.encode() in content for content in held)
