"""`reseal score`, and the scores that runs leave: every term, the same in all places."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SENTINEL
from tests.flows.conftest import CONFIG, Ended
from tests.flows.scene import FIELD, Scene, flipped, secret_of, set_secret
from tests.flows.sentences import described, missing, sentence, state

pytestmark = pytest.mark.slow

USERS = 1500
SECURITY = {
    "secrets sealed", "under the active key", "envelopes that open", "guard",
    "all registered fields", "residue of plaintext", "age of the key", "backups beyond their date",
    "seals of the key", "quarantine", "applications that seal",
    "applications that refuse plaintext", "rights of PUBLIC",
}  # fmt: skip
STORAGE = {"bloat", "index bytes", "dead rows", "HOT updates", "bytes a row"}
OTHER = '[[field]]\nname = "gone"\ntable = "nobody"\ncolumn = "secret"\n'


@dataclass(frozen=True)
class Story:
    """A database in plaintext, encrypted, rotated, and verified once a row was damaged.

    `before`, `after` and `damaged` are what the command printed then, `shown` is for a person.
    """

    scene: Scene
    before: Ended
    runs: dict[str, Ended]
    after: Ended
    shown: Ended
    damaged: Ended

    def scores(self, run: str) -> Any:
        """The scores in the evidence of a run."""
        directory = Path(self.runs[run].document["evidence"])
        return json.loads((directory / "scores.json").read_text())


@pytest.fixture(scope="module")
def story(make_scene: Callable[[], Scene]) -> Story:
    scene = make_scene()
    scene.enrol([SENTINEL, None, *["JBSWY3DPEHPK3PXP"] * (USERS - 2)])
    with scene.connect() as connection:
        connection.execute("CREATE INDEX by_login ON users (last_login)")
    line = scene.command_line
    before = line.run("score", "--json")
    runs = {
        "encrypt": line.run("encrypt", "--guard", "--json"),
        "rotate": line.run("rotate", "--assume-readers-ready", "--json"),
    }
    after, shown = line.run("score", "--json"), line.run("score")
    with scene.connect() as connection:
        set_secret(connection, 1, flipped(secret_of(connection, 1)))
    runs["verify"] = line.run("verify", "--json")
    return Story(scene, before, runs, after, shown, line.run("score", "--json"))


def term(document: dict[str, Any], name: str, score: str = "security") -> dict[str, Any]:
    (found,) = [one for one in document[score]["terms"] if one["name"] == name]
    return dict(found)


def test_every_term_is_shown_with_its_points_before_and_after(story):
    for document in (story.before.document, story.after.document, story.scores("encrypt")):
        assert document["fields"] == [FIELD]
        assert {one["name"] for one in document["security"]["terms"]} == SECURITY
        assert {one["name"] for one in document["storage"]["terms"]} == STORAGE
        for name in ("security", "storage"):
            score = document[name]
            assert score["points"] == pytest.approx(sum(one["points"] for one in score["terms"]))
            assert score["value"] == int(score["points"]) <= score["measured"] <= 100


def test_plaintext_has_no_points_and_an_encryption_earns_them(story):
    before, after = story.before.document, story.after.document

    assert (story.before.code, story.after.code) == (0, 0)
    assert before["security"]["value"] == 0
    assert term(before, "secrets sealed")["sentence"].startswith("0 of 1,499 secrets are sealed")
    assert term(after, "secrets sealed")["points"] == 22
    assert term(after, "guard")["points"] == 10
    assert after["security"]["value"] >= 75
    assert term(after, "applications that seal")["value"] == "unknown"
    assert after["security"]["measured"] <= 92


def test_a_run_says_the_same_as_the_command_after_it(story):
    run, command = story.scores("rotate")["security"], story.after.document["security"]

    assert [(one["name"], one["points"]) for one in run["terms"]] == [
        (one["name"], one["points"]) for one in command["terms"]
    ]


def test_a_verification_is_known_to_the_command_by_the_evidence(story):
    found = [
        term(document, "envelopes that open")
        for document in (story.after.document, story.scores("verify"), story.damaged.document)
    ]

    assert [one["value"] for one in found] == ["0 broken", "1 broken", "1 broken"]
    assert found[0]["points"] == 10 > found[1]["points"] == found[2]["points"]


@pytest.mark.parametrize("name", ["encrypt", "verify", "rotate"])
def test_each_run_has_them_in_its_manifest_its_page_and_in_prefect(story, name):
    run = story.runs[name]
    scores, directory = story.scores(name), Path(run.document["evidence"])
    manifest = json.loads((directory / "manifest.json").read_text())
    page = (directory / "report.html").read_text()

    assert manifest["scores"] == scores
    assert "scores.json" in manifest["sha256"]
    assert ">Scores</h2>" in page
    assert f"{scores['security']['value']} of 100" in page
    artifacts = story.scene.of_run("artifacts", run.run_id)
    (table,) = [json.loads(one["data"]) for one in artifacts if one["key"] == "scores"]
    assert {row["name"] for row in table} == SECURITY | STORAGE


def test_advice_is_told_and_nothing_of_it_is_done(story):
    advice = {one["what"]: one for one in story.after.document["advice"]}

    one = advice["drop the unused index by_login"]
    assert one["statement"] == 'DROP INDEX CONCURRENTLY "public"."by_login";'
    assert story.scene.ask("SELECT to_regclass('by_login') IS NOT NULL")
    assert one["what"] in {told["what"] for told in story.scores("encrypt")["advice"]}


def test_a_person_sees_scores_terms_and_advice(story):
    score, said = story.after.document["security"], " ".join(story.shown.err.split())

    assert (story.shown.code, story.shown.out) == (0, "")
    measured = f"computed from {score['measured']:g} of 100 points"
    assert f"security score: {score['value']} of 100, {measured}" in said
    assert "storage efficiency:" in said
    assert missing((*SECURITY, *STORAGE), said) == []
    assert 'DROP INDEX CONCURRENTLY "public"."by_login";' in said
    assert "Nothing of this was run." in said


def test_no_secret_is_anywhere(story):
    for ended in (story.before, story.after, story.shown, story.damaged):
        assert SENTINEL not in ended.out + ended.err


def test_it_needs_neither_prefect_nor_rights_to_write(reseal, users):
    before = state(users)

    ended = reseal.run("score", "--json")

    assert ended.code == 0, ended.err
    assert state(users) == before
    assert SENTINEL not in ended.out


def test_a_field_that_is_missing_costs_points_and_ends_nothing(reseal):
    reseal.write_config(CONFIG + OTHER)

    every, one = reseal.run("score", "--json"), reseal.run("score", "--field", FIELD, "--json")

    assert (every.code, one.code) == (0, 0)
    assert one.document["fields"] == [FIELD]
    assert every.document["fields"] == [FIELD, "gone"]
    for ended in (every, one):
        said = term(ended.document, "all registered fields")["sentence"]
        assert "there is no table public.nobody" in said
    assert "gone" not in term(one.document, "secrets sealed")["sentence"]


@pytest.mark.parametrize(
    ("words", "config", "says"),
    [
        (("score", "--field", "nobody"), CONFIG, ("there is no field 'nobody'",)),
        (("score",), described(colum="x"), ("unknown word 'colum'",)),
        (("score", "--config", "no.toml"), CONFIG, ("no.toml cannot be read",)),
    ],
)
def test_bad_input_is_told_in_one_sentence(reseal, users, words, config, says):
    reseal.write_config(config)
    before = state(users)

    said = sentence(reseal.run(*words), 2)

    assert missing(says, said) == []
    assert state(users) == before
