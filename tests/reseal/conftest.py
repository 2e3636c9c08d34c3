"""A scene: a table with rows, and the verbs of the sweep on it; and vaults of an application."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import fsspec
import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.access import Access
from reseal.backup.location import Location
from reseal.store.store import Store
from tests.reseal.block_files import BlockFiles, ServedFiles
from tests.reseal.scene import Scene

if TYPE_CHECKING:
    from tests.kms import FaultyKms


@pytest.fixture
def scene(access: Access, store: Store, admin: psycopg.Connection) -> Scene:
    """The table `users`, its schema made and a first data key active."""
    return Scene(access, store, admin)


@pytest.fixture(params=["path", "memory", "blocks", "served"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A directory on this machine, or one at the URL of a store."""
    if request.param == "path":
        return Location(str(tmp_path / "backups"))
    for kind in (BlockFiles, ServedFiles):
        fsspec.register_implementation(kind.protocol[0], kind, clobber=True)
    return Location(f"{request.param}://reseal-{uuid4().hex}")


@pytest.fixture
def pool(database):
    # As applications have them: rows as dictionaries, transactions left to the pool.
    with ConnectionPool(database, min_size=1, kwargs={"row_factory": dict_row}) as opened:
        yield opened


@pytest.fixture
def connect(pool, config, access):
    return lambda fields=config, **options: Vault.connect(
        pool, fields, access.kek(), beats=None, **options
    )


@pytest.fixture(scope="module")
def kms_server() -> Iterator["FaultyKms"]:
    """A key service for the tests of a file; moto takes a second to load, so only where asked."""
    from tests.kms import running_kms

    with running_kms() as kms:
        yield kms


@pytest.fixture
def kms(kms_server: "FaultyKms", monkeypatch: pytest.MonkeyPatch) -> Iterator["FaultyKms"]:
    """The key service, where boto3 finds it, whole again after each test."""
    kms_server.leads_here(monkeypatch)
    yield kms_server
    kms_server.heals()
