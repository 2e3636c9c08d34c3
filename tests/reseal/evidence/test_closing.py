"""A bundle is closed once, after the one before, whatever was killed or removed meanwhile."""

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from reseal.errors import EvidenceError
from reseal.evidence.check import check
from reseal.evidence.directory import Evidence, open_runs
from reseal.evidence.head import HEAD
from reseal.evidence.manifest import Ending, facts
from reseal.evidence.shelf import LocalShelf
from reseal.evidence.signing_key import LocalSigningKey
from reseal.evidence.statement import STATEMENT, Link
from tests.bundles import KEY, NOON, begin, bundle, close, closing


def close_noted(evidence: Evidence, link: Link | None) -> None:
    found = facts(evidence.directory, evidence.directory.name, Ending(NOON))
    closing(evidence.root).close(evidence, found, lambda _: link)


def said(root: Path) -> list[str]:
    findings = check(LocalShelf(root), [KEY.public]).findings
    return [f"{where} {what}" for where, what in findings]


def test_a_run_holds_its_directory_until_it_is_closed(tmp_path: Path) -> None:
    evidence = begin(tmp_path, 1)

    assert open_runs(tmp_path) == [evidence.directory.name]
    assert Evidence.take_up(tmp_path, evidence.directory.name) is None
    with pytest.raises(EvidenceError, match="another process writes the evidence of run"):
        Evidence.of(tmp_path, UUID(int=1))

    close(evidence)
    assert open_runs(tmp_path) == []


def test_what_is_not_closed_is_told_and_not_accused(tmp_path: Path) -> None:
    bundle(tmp_path, 1)
    evidence = begin(tmp_path, 2)

    checked = check(LocalShelf(tmp_path), [KEY.public])
    assert (checked.findings, checked.open) == ((), (evidence.directory.name,))


def test_a_closing_that_was_killed_before_the_head_is_done_anew(tmp_path: Path) -> None:
    bundle(tmp_path, 1)
    before = (tmp_path / HEAD).read_bytes()
    evidence = begin(tmp_path, 2)
    close(evidence)
    (tmp_path / HEAD).write_bytes(before)
    assert said(tmp_path) != []

    again = Evidence.take_up(tmp_path, evidence.directory.name)
    assert again is not None
    close(again)
    assert said(tmp_path) == []


def test_a_noted_bundle_that_is_gone_stays_missed(tmp_path: Path) -> None:
    bundle(tmp_path, 1)
    before = (tmp_path / HEAD).read_bytes()
    noted = bundle(tmp_path, 2).last
    shutil.rmtree(tmp_path / noted.run_id)
    (tmp_path / HEAD).write_bytes(before)
    assert said(tmp_path) == []

    close_noted(begin(tmp_path, 3), noted)

    assert f"{UUID(int=3)} follows {noted.run_id}, which is missing" in said(tmp_path)


def test_a_noted_bundle_that_is_here_changes_nothing(tmp_path: Path) -> None:
    noted = bundle(tmp_path, 1).last
    bundle(tmp_path, 2)

    close_noted(begin(tmp_path, 3), noted)

    assert said(tmp_path) == []


def test_without_a_head_the_bundles_say_which_is_the_last(tmp_path: Path) -> None:
    bundle(tmp_path, 1)
    bundle(tmp_path, 2)
    (tmp_path / HEAD).unlink()

    head = bundle(tmp_path, 3)

    assert (head.bundles, said(tmp_path)) == (3, [])


def test_another_key_goes_on_with_the_chain(tmp_path: Path) -> None:
    bundle(tmp_path, 1)
    other = LocalSigningKey.new()
    close(begin(tmp_path, 2), other)

    assert check(LocalShelf(tmp_path), [KEY.public, other.public]).findings == ()
    only_first = check(LocalShelf(tmp_path), [KEY.public]).findings
    assert f"{UUID(int=2)}/{STATEMENT}" in {where for where, _ in only_first}
    own = check(LocalShelf(tmp_path)).findings
    assert [what for _, what in own] == ["is signed by several keys; name those that you know"]


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EvidenceError, match=r"cannot hold evidence \(Not a directory\)"):
        begin(tmp_path / "file", 1)
