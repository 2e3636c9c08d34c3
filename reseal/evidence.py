"""The record that a run leaves behind: files in a directory of its own, listed by digest."""

import csv
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

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
        text = json.dumps(document, indent=2, sort_keys=True, default=str)
        path.write_text(text + "\n", encoding="utf-8")
        return path

    def write_table(self, name: str, heading: list[str], rows: Iterable[list[str]]) -> Path:
        """Write one CSV file."""
        path = self.directory / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([heading, *rows])
        return path

    def seal_manifest(self) -> Path:
        """List every file with its SHA-256; written last."""
        files = sorted(p for p in self.directory.rglob("*") if p.is_file() and p.name != MANIFEST)
        digests = {
            path.relative_to(self.directory).as_posix(): _sha256(path.read_bytes())
            for path in files
        }
        return self.write(MANIFEST.removesuffix(".json"), {"sha256": digests})


def differences(directory: Path) -> list[str]:
    """Return the files of an evidence directory that are not as its manifest lists them."""
    listed: dict[str, str] = json.loads((directory / MANIFEST).read_text())["sha256"]
    present = {
        path.relative_to(directory).as_posix(): _sha256(path.read_bytes())
        for path in directory.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }
    return sorted(
        name for name in listed.keys() | present.keys() if listed.get(name) != present.get(name)
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
