"""A shelf behind a URL that does not answer says so, and accuses nobody."""

from pathlib import Path
from typing import Any
from uuid import UUID

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from reseal.errors import ConfigurationError, ShelfUnreachable
from reseal.evidence.announcement import announce
from reseal.evidence.check import check
from reseal.evidence.closing import Closing
from reseal.evidence.directory import Evidence
from reseal.evidence.listing import listing
from reseal.evidence.manifest import Ending, facts
from reseal.evidence.shelf import RemoteShelf
from reseal.evidence.statement import MANIFEST
from tests.bundles import KEY, NOON

SHELF = RemoteShelf("moody://evidence/of/all")


class MoodyFiles(MemoryFileSystem):
    """A fake: a store that refuses files whose name has a word in it."""

    protocol = "moody"
    refuses = "nothing at all"
    store: dict[str, Any] = {}  # noqa: RUF012 - as its base class has it
    pseudo_dirs = [""]  # noqa: RUF012

    def open(self, path: str, *args: Any, **kwargs: Any) -> Any:
        self._need(path)
        return super().open(path, *args, **kwargs)

    def cat_file(self, path: str, *args: Any, **kwargs: Any) -> Any:
        self._need(path)
        return super().cat_file(path, *args, **kwargs)

    def _need(self, path: str) -> None:
        if self.refuses in path:
            raise PermissionError(13, "Permission denied")


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.register_implementation("moody", MoodyFiles, clobber=True)
    MoodyFiles.store.clear()
    monkeypatch.setattr(MoodyFiles, "refuses", "nothing at all")
    for number in (1, 2):
        close(tmp_path, number)


def close(root: Path, number: int) -> None:
    evidence = Evidence.of(root, UUID(int=number))
    evidence.write("run", {"run_id": evidence.directory.name, "outcome": "done"})
    found = facts(evidence.directory, evidence.directory.name, Ending(NOON))
    Closing(SHELF, KEY).close(evidence, found, lambda _: None)


@pytest.mark.parametrize("refused", [MANIFEST, "run.json", "head.dsse.json", "evidence"])
def test_what_cannot_be_had_now_is_not_called_changed(
    refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MoodyFiles, "refuses", refused)
    with pytest.raises(ShelfUnreachable, match="Permission denied"):
        check(SHELF, [KEY.public])

    monkeypatch.undo()
    assert check(SHELF, [KEY.public]).findings == ()


def test_a_list_reads_no_more_than_the_manifests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MoodyFiles, "refuses", "run.json")
    assert [line["outcome"] for line in listing(SHELF)] == ["done", "done"]


@pytest.mark.parametrize("refused", [MANIFEST, "head.dsse.json"])
def test_a_chain_does_not_fork_because_its_end_cannot_be_read(
    refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(SHELF, {"run_id": str(UUID(int=3))}, KEY)
    monkeypatch.setattr(MoodyFiles, "refuses", refused)
    with pytest.raises(ShelfUnreachable):
        close(tmp_path, 3)

    monkeypatch.undo()
    checked = check(SHELF, [KEY.public])
    assert (checked.findings, checked.open) == ((), (str(UUID(int=3)),))


def test_before_a_run_it_is_tried_whether_it_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    SHELF.need_writable()
    monkeypatch.setattr(MoodyFiles, "refuses", "can-write")
    with pytest.raises(ConfigurationError, match="name another place for the evidence"):
        SHELF.need_writable()
