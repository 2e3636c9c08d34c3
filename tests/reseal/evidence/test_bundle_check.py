"""A bundle is as it was closed, or every file that is not is named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from reseal.evidence.batches import BATCHES
from reseal.evidence.bundle_check import look_at
from reseal.evidence.directory import Evidence
from reseal.evidence.shelf import LocalShelf
from reseal.evidence.signing_key import LocalSigningKey
from reseal.evidence.statement import MANIFEST, STATEMENT
from tests.bundles import KEY, bundle, close, differences


@pytest.fixture
def record(tmp_path: Path) -> Path:
    bundle(tmp_path, 1)
    return tmp_path / str(UUID(int=1))


def test_as_it_was_closed_nothing_differs(record):
    assert differences(record) == []


def _elsewhere(path: Path) -> None:
    """Put a link to the very same content in a file's place."""
    path.rename(path.parents[2] / "elsewhere")
    path.symlink_to(path.parents[2] / "elsewhere")


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("run.json", lambda path: path.write_text("{}")),
        ("run.json", Path.unlink),
        ("run.json", lambda path: (path.unlink(), path.mkdir())),
        ("run.json", lambda path: path.write_bytes(path.read_bytes() + b" ")),
        ("data_docs/index.html", lambda path: path.write_text("")),
        ("data_docs/index.html", _elsewhere),
        ("data_docs/manifest.json", lambda path: path.write_text("[]")),
        ("data_docs/new.html", Path.touch),
        ("data_docs/new", Path.mkdir),
        ("new.json", lambda path: path.symlink_to("nowhere")),
        ("new", lambda path: path.symlink_to(".")),
        (STATEMENT, Path.unlink),
        (STATEMENT, lambda path: path.write_text("{}")),
        (MANIFEST, Path.unlink),
    ],
    ids=[
        "edited", "removed", "a directory instead", "a space more", "emptied", "a link instead",
        "of the manifest's name", "added", "an empty directory", "a link to nowhere",
        "a link to a directory", "no statement", "an empty statement", "no manifest",
    ],
)  # fmt: skip
def test_a_file_that_differs_is_named(
    record: Path, name: str, edit: Callable[[Path], object]
) -> None:
    edit(record / name)

    assert {each.rstrip("/") for each in differences(record)} == {name}


@pytest.mark.parametrize(
    "manifest",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b'{"sha256": {}}', b'{"sha256":' * 100_000,
        b'{\n  "sha256": []\n}\n', b'{\n  "sha256": {\n    "run.json": 1\n  }\n}\n',
        b'{\n  "run": 1,\n  "sha256": {}\n}\n', b"9" * 5000,
    ],
    ids=range(11),
)  # fmt: skip
def test_a_manifest_that_no_run_writes_is_named(record: Path, manifest: bytes) -> None:
    (record / MANIFEST).write_bytes(manifest)

    assert MANIFEST in differences(record)


def test_a_manifest_that_fits_its_files_and_was_not_signed(record: Path) -> None:
    facts = json.loads((record / MANIFEST).read_text())
    facts["operator"] = "somebody else"
    (record / MANIFEST).write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n")

    assert differences(record) == [MANIFEST]


def test_a_bundle_under_the_name_of_another_run(record: Path, tmp_path: Path) -> None:
    other = shutil.copytree(record, tmp_path / str(UUID(int=2)))

    assert differences(other) == [other.name]


def test_what_another_key_has_signed(record: Path) -> None:
    shelf = LocalShelf(record.parent)
    files = LocalShelf(record).names()

    for key, named in ((KEY, []), (LocalSigningKey.new(), [f"{record.name}/{STATEMENT}"])):
        seen = look_at(shelf, record.name, files, [key.public])
        assert [finding.where for finding in seen.findings] == named


def test_the_batches_have_the_root_that_the_manifest_tells(tmp_path: Path) -> None:
    evidence = Evidence.of(tmp_path, UUID(int=3))
    evidence.write("run", {"run_id": evidence.directory.name})
    (evidence.directory / BATCHES).write_bytes(b"batch_id\r\n1\r\n2\r\n")
    close(evidence)

    facts = json.loads((evidence.directory / MANIFEST).read_text())
    assert facts["ledger"]["batches"] == 2
    assert differences(evidence.directory) == []
