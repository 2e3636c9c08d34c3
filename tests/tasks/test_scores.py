"""A run writes its scores by what it has counted and opened; for want of them no run fails."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from reseal.access import Access
from reseal.audit.action import Action
from reseal.census import Census
from reseal.evidence.directory import Evidence
from reseal.result import FieldResult
from reseal.store import event
from reseal.store.event import Event
from reseal.store.store import Store
from tasks.scores import write_scores
from tests.conftest import SENTINEL

FIELD = "users.mfa_secret"
OPENED = [
    {"verdict": "opens", "accepted": False, "rows": 3},
    {"verdict": "malformed", "accepted": False, "rows": 1},
]


@pytest.fixture
def run(access: Access, store: Store, tmp_path: Path) -> Any:
    """What of a run is asked for when its scores are taken."""
    return SimpleNamespace(
        run_id=uuid4(),
        access=access,
        store=store,
        fields=access.config.fields,
        records=True,
        result=SimpleNamespace(flow="encrypt_secrets", fields={}),
        evidence=Evidence.of(tmp_path, uuid4()),
    )


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Prefect is told, as no server is needed for that."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr("tasks.artifacts.publish", lambda table: told.append(dict(vars(table))))
    return told


def written(run: Any) -> dict[str, Any]:
    write_scores(run)
    found: dict[str, Any] = json.loads((run.evidence.directory / "scores.json").read_text())
    return found


def term(document: dict[str, Any], name: str, score: str = "security") -> dict[str, Any]:
    (found,) = [one for one in document[score]["terms"] if one["name"] == name]
    return dict(found)


def test_what_the_run_has_counted_is_what_the_scores_say(run, admin):
    admin.execute("INSERT INTO users (email, mfa_secret) VALUES ('ada', %s)", [SENTINEL])
    run.result.fields[FIELD] = FieldResult(before=Census(plain=8), after=Census(sealed={1: 8}))

    document = written(run)

    assert document["fields"] == [FIELD]
    assert term(document, "secrets sealed")["sentence"] == "8 of 8 secrets are sealed."
    assert SENTINEL not in str(document)


@pytest.mark.parametrize(("records", "value"), [(False, "0 %"), (True, "unknown")])
def test_what_was_counted_first_holds_only_where_nothing_was_written(run, records, value):
    run.records = records
    run.result.fields[FIELD] = FieldResult(before=Census(plain=8))

    assert term(written(run), "secrets sealed")["value"] == value


def test_a_field_that_the_run_did_not_count_is_unknown_and_says_where_it_is_counted(run):
    found = term(written(run), "secrets sealed")

    assert (found["value"], found["points"]) == ("unknown", 0)
    assert "`reseal score`" in found["sentence"]


def test_what_the_run_has_opened_counts_more_than_what_was_opened_before(run):
    broken = {"field": FIELD, "claims_hold": False, "broken": 30}
    event.append(run.store, Event(None, "test", Action.VALIDATED, broken))
    run.evidence.write(f"validation-{FIELD}", {"facts": OPENED})

    found = term(written(run), "envelopes that open")

    assert found["value"] == "1 broken"
    assert f"On {datetime.now(UTC):%Y-%m}" in found["sentence"]


def test_a_database_that_is_gone_leaves_a_reason_and_ends_nothing(run, published):
    run.store.close()

    assert written(run) == {"missing": "the connection to the database is closed"}
    assert [one["key"] for one in published] == ["scores"]
    assert published[0]["table"] == []


def test_what_nobody_expected_leaves_a_reason_without_its_text(run, monkeypatch):
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(SENTINEL)

    monkeypatch.setattr("tasks.scores.take_scores", fail)

    document = written(run)
    assert document["missing"].startswith("unexpected RuntimeError")
    assert SENTINEL not in str(document)


def test_prefect_is_shown_every_term_under_the_same_key(run, published):
    run.result.fields[FIELD] = FieldResult(after=Census(sealed={1: 8}))
    document = written(run)

    (one,) = published
    assert one["key"] == "scores"
    terms = [term for score in ("security", "storage") for term in document[score]["terms"]]
    assert [row["name"] for row in one["table"]] == [term["name"] for term in terms]
    assert {row["score"] for row in one["table"]} == {"security", "storage"}


def test_a_view_that_prefect_does_not_take_ends_nothing(run, monkeypatch):
    def fail(_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("tasks.artifacts.publish", fail)

    assert "security" in written(run)


def test_a_run_that_looks_at_less_has_no_scores(run):
    run.result.flow = "rollback_run"

    write_scores(run)

    assert run.evidence.files() == []
