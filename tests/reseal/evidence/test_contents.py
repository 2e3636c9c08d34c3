"""A shelf is checked as it is at one moment, though bundles are closed at the same time."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from reseal.evidence.check import check
from reseal.evidence.directory import Evidence
from reseal.evidence.head import HEAD
from reseal.evidence.listing import listing
from reseal.evidence.shelf import OPEN, LocalShelf
from tests.bundles import KEY, begin, bundle, close


class BusyShelf(LocalShelf):
    """A fake: a directory in which a run ends before or after it is listed first."""

    acts: ClassVar[dict[str, Callable[[], object]]] = {}

    def names(self, below: str = "") -> set[str]:
        self.acts.pop("before", lambda: None)()
        found = LocalShelf.names(self, below)
        self.acts.pop("after", lambda: None)()
        return found


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_ends_while_it_is_listed_is_not_accused(tmp_path: Path, when: str) -> None:
    bundle(tmp_path, 1)
    second = begin(tmp_path, 2)

    BusyShelf.acts[when] = lambda: close(second)

    checked = check(BusyShelf(tmp_path), [KEY.public])

    assert BusyShelf.acts == {}
    assert (checked.findings, checked.open, len(checked.bundles)) == ((), (), 2)


def test_a_bundle_that_is_signed_and_not_in_the_head_yet_is_open(tmp_path: Path) -> None:
    bundle(tmp_path, 1)
    before = (tmp_path / HEAD).read_bytes()
    name = bundle(tmp_path, 2).last.run_id
    (tmp_path / HEAD).write_bytes(before)
    (tmp_path / OPEN / name).touch()

    checked = check(LocalShelf(tmp_path), [KEY.public])

    assert (checked.findings, checked.open, len(checked.bundles)) == ((), (name,), 1)


def test_a_mark_does_not_hide_a_bundle_of_the_chain(tmp_path: Path) -> None:
    first = bundle(tmp_path, 1).last.run_id
    bundle(tmp_path, 2)
    (tmp_path / OPEN / first).touch()
    (tmp_path / first / "run.json").write_text("{}")

    (finding,) = check(LocalShelf(tmp_path), [KEY.public]).findings
    assert finding.where == f"{first}/run.json"


def test_a_list_has_the_chain_in_its_order_and_what_is_open_at_its_end(tmp_path: Path) -> None:
    for number in (2, 1):
        bundle(tmp_path, number)
    Evidence.take_up(tmp_path, "of an older version")
    name = begin(tmp_path, 3).directory.name

    lines = listing(LocalShelf(tmp_path))
    first, second = (f"00000000-0000-0000-0000-{number:012}" for number in (2, 1))
    assert [(line["run_id"], line["outcome"], bool(line["sha256"])) for line in lines] == [
        (first, "done", True),
        (second, "done", True),
        (name, "open", False),
        ("of an older version", "open", False),
    ]
