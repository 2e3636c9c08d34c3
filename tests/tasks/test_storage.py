"""Tables are measured before and after a run, as far as their rows were counted."""

from types import SimpleNamespace
from typing import Any

from reseal.access import Access
from reseal.census import Census
from reseal.result import FieldResult
from reseal.store.store import Store
from tasks.storage import measure_storage

FIELD = "users.mfa_secret"


def run_of(access: Access, store: Store, result: FieldResult | None) -> Any:
    fields = {FIELD: result} if result else {}
    return SimpleNamespace(
        access=access,
        store=store,
        fields=access.config.fields,
        result=SimpleNamespace(fields=fields),
        storage={},
    )


def test_a_field_that_was_counted_is_measured(access, store):
    run = run_of(access, store, FieldResult(before=Census(plain=3), after=Census(plain=2)))

    measure_storage(run, "before")
    measure_storage(run, "after")

    assert {when: found["rows"] for when, found in run.storage[FIELD].items()} == {
        "before": 3,
        "after": 2,
    }


def test_a_field_that_was_not_counted_is_not_measured(access, store):
    run = run_of(access, store, FieldResult(before=Census(plain=3)))

    measure_storage(run, "after")
    measure_storage(run_of(access, store, None), "after")

    assert run.storage == {}


def test_a_database_that_is_gone_ends_nothing(access, store):
    run = run_of(access, store, FieldResult(after=Census(plain=2)))
    store.close()

    measure_storage(run, "after")

    assert run.storage == {}
