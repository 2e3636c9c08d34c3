"""Bundles for tests: closed as runs close them, and looked at as an auditor does."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from reseal.evidence.bundle_check import look_at, published_key
from reseal.evidence.closing import Closing
from reseal.evidence.directory import Evidence
from reseal.evidence.head import Head
from reseal.evidence.manifest import Ending, facts
from reseal.evidence.recording import Recording
from reseal.evidence.shelf import LocalShelf
from reseal.evidence.signing_key import LocalSigningKey, SigningKey

KEY = LocalSigningKey(bytes(range(32)))
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def closing(root: Path, key: SigningKey = KEY) -> Closing:
    """What closes bundles in a directory, with a key that is no secret."""
    return Closing(LocalShelf(root), key)


def recording(root: Path) -> Recording:
    """What records runs in a directory."""
    return Recording(closing(root), root, "test", root / "reseal.toml")


def begin(root: Path, number: int) -> Evidence:
    """Hold the directory of a run that has begun."""
    evidence = Evidence.of(root, UUID(int=number))
    evidence.write("opening", {"run_id": evidence.directory.name, "started": NOON.isoformat()})
    return evidence


def close(evidence: Evidence, key: SigningKey = KEY) -> Head:
    """Close a bundle as it is, without a database."""
    found = facts(evidence.directory, evidence.directory.name, Ending(NOON))
    return closing(evidence.root, key).close(evidence, found, lambda _: None)


def bundle(root: Path, number: int, **documents: Any) -> Head:
    """Close a bundle of a few files."""
    evidence = begin(root, number)
    run_id = evidence.directory.name
    evidence.write("run", {"run_id": run_id, "outcome": "done", "fields": {}})
    for name, document in documents.items():
        evidence.write(name, document)
    evidence.write_table("left-alone", ["id", "reason"], [["7", "disabled since"]])
    docs = evidence.directory / "data_docs"
    docs.mkdir()
    (docs / "index.html").write_text(f"<html>{number}</html>")
    (docs / "manifest.json").write_text("{}")
    return close(evidence)


def differences(directory: Path) -> list[str]:
    """The files of a closed bundle that are not as they were written, by the key that it holds."""
    shelf = LocalShelf(directory.parent)
    files = LocalShelf(directory).names()
    key = published_key(shelf, directory.name)
    findings = look_at(shelf, directory.name, files, [key] if key else []).findings
    return sorted({where.removeprefix(f"{directory.name}/") for where, _ in findings})
