"""A record is as its manifest lists it, or every file that is not is named."""

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from reseal.errors import EvidenceError
from reseal.evidence import MANIFEST, Evidence, differences


@pytest.fixture
def record(tmp_path: Path) -> Path:
    evidence = Evidence.of(tmp_path, UUID(int=1))
    evidence.write("run", {"outcome": "done"})
    docs = evidence.directory / "docs"
    docs.mkdir()
    (docs / "index.html").write_text("<html></html>")
    (docs / MANIFEST).write_text("{}")
    evidence.seal_manifest()
    return evidence.directory


def test_as_it_was_written_nothing_differs(record):
    assert differences(record) == []


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("run.json", lambda path: path.write_text("{}")),
        ("run.json", Path.unlink),
        ("docs/index.html", lambda path: path.write_text("")),
        ("docs/manifest.json", lambda path: path.write_text("[]")),
        ("docs/new.html", Path.touch),
    ],
    ids=["edited", "removed", "emptied", "of the manifest's name", "added"],
)
def test_a_file_that_differs_is_named(record, name, edit):
    edit(record / name)

    assert differences(record) == [name]


def test_a_file_in_whose_place_a_directory_is(record):
    (record / "run.json").unlink()
    (record / "run.json").mkdir()

    assert differences(record) == ["run.json"]


@pytest.mark.parametrize(
    "manifest",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b'{"sha256": {}}', b'{"sha256":' * 100_000,
        b'{\n  "sha256": []\n}\n', b'{\n  "sha256": {\n    "run.json": 1\n  }\n}\n',
        b'{\n  "sha256": {},\n  "x": 1\n}\n', b"9" * 5000,
    ],
    ids=range(11),
)  # fmt: skip
def test_a_manifest_that_no_run_writes_is_an_error_of_its_own(record, manifest):
    (record / MANIFEST).write_bytes(manifest)

    with pytest.raises(EvidenceError, match=r"manifest\.json is not the list of files that a run"):
        differences(record)


def test_without_a_manifest(record):
    (record / MANIFEST).unlink()

    with pytest.raises(EvidenceError, match=r"manifest\.json cannot be read \(No such file"):
        differences(record)


def test_without_a_record(record):
    shutil.rmtree(record)

    with pytest.raises(EvidenceError, match="cannot be read"):
        differences(record)


def test_a_link_that_leads_nowhere_is_named(record):
    (record / "new.json").symlink_to("nowhere")

    with pytest.raises(EvidenceError, match=r"new\.json cannot be read"):
        differences(record)
