"""What a run sees to before the rows of a table are turned."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from reseal.access import Access
from reseal.key_policy import KeyPolicy
from reseal.store import schema
from reseal.store.store import Store
from tasks.table import prepare_key

DAYS = "SELECT extract(day FROM expires - created)::int FROM {reseal}.data_key"


@pytest.fixture
def bare(access: Access) -> Iterator[Store]:
    """A store whose schema is made and holds no key."""
    opened = access.store("bare")
    schema.migrate(opened)
    yield opened
    opened.close()


def test_the_first_key_seals_for_as_long_as_reseal_toml_says(
    access: Access, bare: Store, monkeypatch: pytest.MonkeyPatch
):
    config = replace(access.config, keys=KeyPolicy(cryptoperiod_days=30))
    run = SimpleNamespace(access=replace(access, config=config), store=bare, actor="ada")
    monkeypatch.setattr("tasks.table.current", lambda: run)

    assert prepare_key.fn() == 1
    assert bare.need(DAYS)[0] == 30
