"""Bundles on a real file server: closed there, checked there, and kept here while it is away."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import sleep
from uuid import UUID

import fsspec
import pytest

from reseal.errors import ShelfUnreachable
from reseal.evidence.check import check
from reseal.evidence.closing import Closing
from reseal.evidence.directory import Evidence
from reseal.evidence.listing import listing
from reseal.evidence.opening import Begun
from reseal.evidence.own_key import own_key, own_public_key
from reseal.evidence.recording import Recording
from reseal.evidence.shelf import OPEN, RemoteShelf
from reseal.kek.local import LocalKek
from reseal.store.store import Store

HOST, USER, PASSWORD = "127.0.0.1", "reseal", "a password of a test"


class Served:
    """A directory behind FTP on loopback, by a server that can go away and come back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with socket.create_server((HOST, 0)) as free:
            self.port = free.getsockname()[1]
        self.comes_back()

    def comes_back(self) -> None:
        words = ["-i", HOST, "-p", str(self.port), "-d", str(self.root), "-w"]
        words += ["-u", USER, "-P", PASSWORD]
        self._server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "pyftpdlib", *words], stderr=subprocess.DEVNULL
        )
        while self._server.poll() is None:
            with suppress(OSError), socket.create_connection((HOST, self.port)):
                return
            sleep(0.02)

    def goes_away(self) -> None:
        self._server.kill()
        self._server.wait()

    @property
    def shelf(self) -> RemoteShelf:
        return RemoteShelf(f"ftp://{HOST}:{self.port}/of/all")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setitem(fsspec.config.conf, "ftp", {"username": USER, "password": PASSWORD})
    (tmp_path / "served").mkdir()
    served = Served(tmp_path / "served")
    yield served
    served.goes_away()


@pytest.fixture
def records(served: Served, tmp_path: Path) -> Recording:
    key = own_key(served.shelf, LocalKek("env:TEST", bytes(32)))
    root, config = tmp_path / "here", tmp_path / "reseal.toml"
    return Recording(Closing(served.shelf, key), root, "test", config, plots=False)


def begin(records: Recording, store: Store, number: int) -> Evidence:
    evidence = records.begin(store, Begun(UUID(int=number), "encrypt_secrets", "safe"))
    evidence.write("run", {"run_id": evidence.directory.name, "outcome": "done"})
    return evidence


def findings(records: Recording) -> list[str]:
    key = own_public_key(records.closing.shelf)
    assert key is not None
    return [f"{where} {what}" for where, what in check(records.closing.shelf, [key]).findings]


def outcomes(records: Recording) -> list[str]:
    return [line["outcome"] for line in listing(records.closing.shelf)]


def test_bundles_on_a_server_are_closed_and_checked(
    served: Served, records: Recording, store: Store
) -> None:
    killed = begin(records, store, 1)
    (killed.directory / "run.json").unlink()
    os.close(killed.held)
    evidence = begin(records, store, 2)
    assert outcomes(records) == ["interrupted", "open"]

    records.end(evidence, store)

    assert (outcomes(records), findings(records)) == (["interrupted", "done"], [])
    assert served.shelf.names(OPEN) == set()
    (served.root / "of/all" / evidence.directory.name / "run.json").write_text("{}")
    assert findings(records) == [f"{evidence.directory.name}/run.json was changed"]


def test_a_server_that_is_away_at_the_end_gets_the_bundle_later(
    served: Served, records: Recording, store: Store
) -> None:
    evidence = begin(records, store, 1)
    served.goes_away()
    with pytest.raises(ShelfUnreachable, match="ftp://"):
        records.end(evidence, store)
    os.close(evidence.held)
    served.comes_back()
    assert (outcomes(records), findings(records)) == (["open"], [])

    assert records.close_interrupted(store) == [evidence.directory.name]

    assert (outcomes(records), findings(records)) == (["done"], [])
    assert not evidence.directory.exists()
