"""`reseal encrypt` on two tables: one with values that nobody can seal, one without."""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.bundles import differences
from tests.flows.conftest import CONFIG, Ended
from tests.flows.scene import FIELD, Scene, Stored, secrets, together

pytestmark = pytest.mark.slow

USERS = 3000
STRANGERS = {7: "hunter2!", 1500: "see the vault", 2999: "0123-not-base32-0189"}
DOCUMENT = {
    "run_id", "flow", "mode", "outcome", "exit_code", "fields", "stages", "evidence", "message",
}  # fmt: skip
FIELD_PART = {
    "before", "after", "changed", "moved", "locked", "quarantined", "restored", "left_alone",
    "seconds",
}  # fmt: skip
STAGES = {
    "preflight", "prepare", "backup", "expect", "encrypt", "validate", "guard", "optimise",
    "clean",
}  # fmt: skip
INDEXES = """
SELECT c.relname, i.indisvalid AND i.indisready, pg_get_indexdef(c.oid) FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'users'::regclass
"""
COLUMN = """
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = 'users'::regclass AND attname = 'mfa_secret'
"""
GUARDS = """
SELECT count(*) FROM pg_constraint
WHERE conrelid = 'users'::regclass AND conname LIKE 'reseal%' AND convalidated
"""
OTHERS = "SELECT array_agg((id, email, mfa_enabled, last_login)::text ORDER BY id) FROM users"


@dataclass(frozen=True)
class Run:
    """A run that ended, and the table before it."""

    scene: Scene
    before: Stored
    others: list[str]
    ended: Ended

    @property
    def document(self) -> dict[str, Any]:
        return self.ended.document

    @property
    def part(self) -> dict[str, Any]:
        return self.ended.part(FIELD)

    @property
    def run_id(self) -> str:
        return self.ended.run_id

    @property
    def evidence(self) -> Path:
        return Path(self.document["evidence"])

    def record(self, name: str) -> Any:
        """A file of the evidence."""
        return json.loads((self.evidence / f"{name}.json").read_text())


def ran(scene: Scene, *words: str) -> Run:
    """The run of a command on a scene."""
    before, others = scene.stored(), scene.ask(OTHERS)
    return Run(scene, before, others, scene.command_line.run(*words, "--json"))


@pytest.fixture(scope="module")
def first_runs(make_scene: Callable[[], Scene]) -> list[Run]:
    """A run on users some of whom have something that is no secret, and an aggressive one.

    The first table has an index over the secret, the second a column that is too short.
    """
    mixed, clean = make_scene(), make_scene()
    clean.command_line.write_config(CONFIG.replace("plots = false", "plots = true"))
    texts = secrets(USERS, random.Random(2))
    for key, text in STRANGERS.items():
        texts[key - 1] = text
    with mixed.connect() as connection:
        connection.execute("CREATE INDEX by_secret ON users (mfa_secret)")
    with clean.connect() as connection:
        connection.execute("ALTER TABLE users ALTER mfa_secret TYPE varchar(64)")
    mixed.enrol(texts)
    clean.enrol(secrets(USERS, random.Random(3)))
    return together(lambda: ran(mixed, "encrypt"), lambda: ran(clean, "encrypt", "--aggressive"))


@pytest.fixture(scope="module")
def mixed(first_runs: list[Run]) -> Run:
    """The run that had to leave something in the column."""
    return first_runs[0]


@pytest.fixture(scope="module")
def clean(first_runs: list[Run]) -> Run:
    """The run that could seal everything."""
    return first_runs[1]


@pytest.fixture(scope="module")
def second_runs(mixed: Run, clean: Run) -> list[Run]:
    """A verification of the one table, and `encrypt` once more on the other, with --guard."""
    return together(
        lambda: ran(mixed.scene, "verify"), lambda: ran(clean.scene, "encrypt", "--guard")
    )


@pytest.fixture(scope="module")
def verified(second_runs: list[Run]) -> Run:
    """The verification."""
    return second_runs[0]


@pytest.fixture(scope="module")
def again(second_runs: list[Run]) -> Run:
    """The second run on a table where all is sealed."""
    return second_runs[1]


def test_the_document_has_the_keys_of_the_design(mixed: Run) -> None:
    assert mixed.document.keys() >= DOCUMENT
    assert mixed.part.keys() >= FIELD_PART
    assert mixed.document["stages"].keys() == STAGES
    census = {"rows", "empty", "plain", "foreign", "unrecognised", "sealed"}
    assert mixed.part["before"].keys() == mixed.part["after"].keys() == census


def test_what_cannot_be_sealed_is_quarantined_by_key_and_the_exit_code_says_so(mixed: Run) -> None:
    assert (mixed.ended.code, mixed.document["outcome"]) == (4, "partial")
    assert mixed.part["quarantined"] == len(STRANGERS)
    listed = {tuple(row["key"]): row["reason"] for row in mixed.part["rows_set_aside"]}
    reason = "not a secret in the field's format"
    assert listed == {(str(key),): reason for key in STRANGERS}
    stored = mixed.scene.stored()
    assert {key: stored[key] for key in STRANGERS} == STRANGERS


def test_everything_sealed_ends_in_exit_code_0(clean: Run) -> None:
    assert (clean.ended.code, clean.document["outcome"]) == (0, "done")
    assert clean.document["mode"] == "aggressive"
    assert clean.part["rows_set_aside"] == clean.part["failed_claims"] == []


@pytest.mark.parametrize("name", ["mixed", "clean"])
def test_the_census_adds_up(name: str, request: pytest.FixtureRequest) -> None:
    part = request.getfixturevalue(name).part
    before, after = part["before"], part["after"]
    assert before["rows"] == after["rows"] == USERS
    for census in (before, after):
        kinds = ("empty", "plain", "foreign", "unrecognised")
        assert sum(census[kind] for kind in kinds) + sum(census["sealed"].values()) == USERS
    assert (before["sealed"], after["plain"]) == ({}, 0)
    assert after["sealed"] == {"1": before["plain"]}
    assert part["changed"] == before["plain"] > USERS / 2
    assert (after["empty"], after["unrecognised"]) == (before["empty"], before["unrecognised"])


@pytest.mark.parametrize("name", ["mixed", "clean"])
def test_every_envelope_opens_to_the_original(name: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    nothing = {None, "", *STRANGERS.values()}
    secret = {key: text for key, text in run.before.items() if text not in nothing}
    assert run.scene.opened() == secret
    others = run.before.keys() - secret.keys()
    stored = run.scene.stored()
    assert {key: stored[key] for key in others} == {key: run.before[key] for key in others}


@pytest.mark.parametrize("name", ["mixed", "clean"])
def test_the_other_columns_are_as_they_were(name: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    assert run.scene.ask(OTHERS) == run.others


def test_the_index_over_the_secret_is_gone_and_the_covering_one_is_valid(mixed: Run) -> None:
    with mixed.scene.connect() as connection:
        indexes = {row[0]: row[1:] for row in connection.execute(INDEXES)}
    assert "by_secret" not in indexes
    (dropped,) = mixed.record(f"prepare-{FIELD}")["dropped_indexes"]
    assert "by_secret" in dropped
    made = mixed.record(f"optimise-{FIELD}")
    assert made["kept"], made["reason"]
    assert indexes[made["index"]][0]
    assert "(email) INCLUDE (id, mfa_enabled) WHERE mfa_enabled" in indexes[made["index"]][1]
    assert made["after"]["index"] == made["index"]
    assert made["after"]["node"] == "Index Only Scan" != made["before"]["node"]
    assert made["after"]["pages"] < made["before"]["pages"]


def test_a_short_column_becomes_text(clean: Run) -> None:
    assert clean.scene.ask(COLUMN) == "text"
    assert clean.record(f"prepare-{FIELD}")["widened"]


def test_the_guard_is_not_raised_where_it_would_break_logins(mixed: Run) -> None:
    assert mixed.scene.ask(GUARDS) == 0
    assert mixed.record(f"guard-{FIELD}") == {
        "raised": False,
        "why": f"{len(STRANGERS)} rows hold a value that is not sealed",
    }


def test_the_guard_waits_for_a_live_application_unless_told_to_stand(
    clean: Run, again: Run
) -> None:
    assert clean.record(f"guard-{FIELD}") == {
        "raised": False,
        "why": "no live application has reported that it writes envelopes",
    }
    assert again.record(f"guard-{FIELD}") == {"raised": True, "why": None, "shield": "dropped"}
    assert again.scene.ask(GUARDS) == 1


def test_a_second_run_finds_nothing_to_do(clean: Run, again: Run) -> None:
    assert (again.ended.code, again.document["outcome"]) == (0, "done")
    assert again.part["changed"] == 0
    assert again.part["before"] == again.part["after"] == clean.part["after"]
    assert again.before == again.scene.stored()


@pytest.mark.parametrize("name", ["mixed", "clean"])
def test_the_evidence_is_complete_and_shows_an_edit(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    run: Run = request.getfixturevalue(name)
    parts = ("prepare", "validation", "guard", "optimise", "clean")
    wanted = {"manifest", "preflight", "run", "pacing", *(f"{part}-{FIELD}" for part in parts)}
    assert {path.stem for path in run.evidence.glob("*.json")} >= wanted
    assert differences(run.evidence) == []
    assert f"wrote {run.part['changed']:,} row" in (run.evidence / "report.html").read_text()
    assert set(run.record("storage")[FIELD]) == {"before", "after"}
    assert {**run.record("run"), "evidence_head": run.document["evidence_head"]} == run.document
    edited = shutil.copytree(run.evidence, tmp_path / run.run_id)
    (edited / "run.json").write_text("{}")
    assert differences(edited) == ["run.json"]


def test_great_expectations_writes_data_docs_with_every_claim(clean: Run) -> None:
    docs = clean.evidence / f"expectations-{FIELD}" / "data_docs"
    pages = [page.read_text() for page in docs.rglob("*.html")]
    assert (docs / "index.html").exists()
    assert any("No" in page and "plaintext" in page for page in pages)
    results = json.loads((docs.parent / "expectations.json").read_text())["results"]
    assert [result["success"] for result in results] == [True] * max(10, len(results))


@pytest.mark.parametrize(("name", "state"), [("mixed", "Partial"), ("clean", "Completed")])
def test_prefect_shows_the_run_completed_with_its_artifacts(
    name: str, state: str, request: pytest.FixtureRequest
) -> None:
    run: Run = request.getfixturevalue(name)
    shown = run.scene.api(f"flow_runs/{run.run_id}")
    assert (shown["state"]["type"], shown["state"]["name"]) == ("COMPLETED", state)
    assert shown["state"]["message"] == run.document["message"]
    artifacts = run.scene.of_run("artifacts", run.run_id)
    kinds = {artifact["key"]: artifact["type"] for artifact in artifacts}
    plots = {key for key, kind in kinds.items() if kind == "image"}
    assert plots >= ({"plot-census", "plot-storage"} if name == "clean" else set())
    assert {key: kind for key, kind in kinds.items() if key not in plots} == {
        "preflight": "table", "census": "table", "claims": "table", "controls": "table",
        "summary": "markdown", "five-lines": "markdown", "evidence": "markdown",
        "report": "markdown", "progress": "progress", "scores": "table",
    }  # fmt: skip
    full = sorted(each["description"] for each in artifacts if each["data"] == 100.0)
    assert full == [f"backup {FIELD}", *(f"encrypt {FIELD}, pass {number}" for number in (1, 2))]
    census = next(artifact for artifact in artifacts if artifact["key"] == "census")
    assert json.loads(census["data"])[1]["sealed"] == run.part["changed"]


def test_verify_counts_what_opens_and_what_is_not_sealed(mixed: Run, verified: Run) -> None:
    assert (verified.ended.code, verified.document["outcome"]) == (4, "partial")
    sealed, strangers = mixed.part["changed"], len(STRANGERS)
    message = f"{sealed} envelopes open, {strangers} values are not sealed"
    assert verified.document["message"] == f"{message}; not true: No row is in quarantine."
    assert verified.part["after"] == mixed.part["after"]
    assert verified.before == verified.scene.stored()
    assert differences(verified.evidence) == []


def test_status_shows_the_census_the_key_and_the_run(mixed: Run) -> None:
    status = mixed.scene.command_line.run("status", "--json")
    assert status.code == 0
    assert status.part(FIELD) == mixed.part["after"]
    assert [key["state"] for key in status.document["keys"]] == ["active"]
    assert [run["run_id"] for run in status.document["runs"]] == [mixed.run_id]
