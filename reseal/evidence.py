"""The record that a run leaves behind: files in a directory of its own, listed by digest."""

import csv
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from reseal.errors import EvidenceError

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence directory of one run; only ids, counts, versions and verdicts go in."""

    directory: Path

    @classmethod
    def of(cls, root: Path, run_id: UUID) -> "Evidence":
        """Make the run's directory under the evidence root."""
        directory = root / str(run_id)
        directory.mkdir(parents=True, exist_ok=True)
        return cls(directory)

    def write(self, name: str, document: Any) -> Path:
        """Write one JSON file."""
        path = self.directory / f"{name}.json"
        path.write_text(_spelled(document), encoding="utf-8")
        return path

    def write_table(self, name: str, heading: list[str], rows: Iterable[list[str]]) -> Path:
        """Write one CSV file."""
        path = self.directory / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([heading, *rows])
        return path

    def seal_manifest(self) -> Path:
        """List every file with its SHA-256; written last."""
        listed = {"sha256": _digests(self.directory)}
        return self.write(MANIFEST.removesuffix(".json"), listed)


def differences(directory: Path) -> list[str]:
    """Return the files of an evidence directory that are not as its manifest lists them.

    Raise EvidenceError where the manifest is not as it was written, or a file cannot be read.
    """
    listed, present = _listed(directory / MANIFEST), _digests(directory)
    return sorted(
        name for name in listed.keys() | present.keys() if listed.get(name) != present.get(name)
    )


def _listed(manifest: Path) -> dict[str, str]:
    text = _content(manifest)
    try:
        listed = json.loads(text)["sha256"]
        # Reading is generous; only what writing gives back is accepted.
        if _spelled({"sha256": listed}).encode() == text and _are_texts(listed):
            return dict(listed)
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise EvidenceError(f"{manifest} is not the list of files that a run writes")


def _are_texts(listed: Any) -> bool:
    return isinstance(listed, dict) and all(isinstance(digest, str) for digest in listed.values())


def _digests(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a directory but its manifest."""
    try:
        paths = [path for path in directory.rglob("*") if path.is_symlink() or path.is_file()]
    except OSError as error:
        raise _unreadable(directory, error) from None
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(_content(path)).hexdigest()
        for path in paths
        if path != directory / MANIFEST
    }


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> EvidenceError:
    return EvidenceError(f"{path} cannot be read ({error.strerror})")


def _spelled(document: Any) -> str:
    return json.dumps(document, indent=2, sort_keys=True, default=str) + "\n"
