"""Tables are measured before and after a run, as far as their rows were counted."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from reseal.access import Access
from reseal.census import Census
from reseal.evidence.directory import Evidence
from reseal.result import FieldResult
from reseal.store.store import Store
from tasks.storage import measure_storage

FIELD = "users.mfa_secret"
COUNTED = FieldResult(before=Census(plain=3), after=Census(plain=2))


@pytest.fixture
def run(access: Access, store: Store, tmp_path: Path) -> Any:
    """What of a run is asked for when its tables are measured."""
    return SimpleNamespace(
        access=access,
        store=store,
        fields=access.config.fields,
        result=SimpleNamespace(fields={}),
        storage={},
        evidence=Evidence.of(tmp_path, uuid4()),
    )


def test_a_field_that_was_counted_is_measured(run):
    run.result.fields[FIELD] = COUNTED

    measure_storage(run, "before")
    measure_storage(run, "after")

    written = json.loads((run.evidence.directory / "storage.json").read_text())
    assert {when: found["rows"] for when, found in written[FIELD].items()} == {
        "before": 3,
        "after": 2,
    }


def test_a_field_that_was_not_counted_is_not_measured(run):
    measure_storage(run, "before")
    run.result.fields[FIELD] = FieldResult(before=Census(plain=3))
    measure_storage(run, "after")

    assert run.storage == {}
    assert run.evidence.files() == []


def test_a_database_that_is_gone_ends_nothing(run):
    run.result.fields[FIELD] = COUNTED
    run.store.close()

    measure_storage(run, "after")

    assert run.storage == {}
