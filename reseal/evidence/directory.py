"""The files of a run while it is under way: a directory that is held until the bundle is closed."""

import csv
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from reseal.errors import EvidenceError, EvidenceNotWritten
from reseal.evidence.shelf import OPEN
from reseal.evidence.spelling import spelled

_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence directory of one run; only ids, counts, versions and verdicts go in.

    As long as `held` is open the run is alive: a kernel gives up the lock of whoever is killed.
    """

    directory: Path
    held: int = field(compare=False)

    @classmethod
    def of(cls, root: Path, run_id: UUID) -> "Evidence":
        """Make and hold the run's directory under a root on this machine."""
        evidence = cls.take_up(root, str(run_id))
        if evidence is None:
            raise EvidenceError(f"another process writes the evidence of run {run_id}")
        return evidence

    @classmethod
    def take_up(cls, root: Path, name: str) -> "Evidence | None":
        """Hold the directory of a run, unless the run is alive and holds it itself."""
        try:
            (root / OPEN).mkdir(parents=True, exist_ok=True)
            # The mark comes first: who lists both sees no directory that is not marked.
            held = os.open(root / OPEN / name, os.O_RDWR | os.O_CREAT, 0o600)
            (root / name).mkdir(exist_ok=True)
        except OSError as error:
            raise EvidenceError(
                f"{root} cannot hold evidence ({error.strerror}); name another directory in "
                "RESEAL_EVIDENCE"
            ) from None
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(held)
            return None
        return cls(root / name, held)

    @property
    def root(self) -> Path:
        """Where the directories of all runs are."""
        return self.directory.parent

    def write(self, name: str, document: Any) -> Path:
        """Write one JSON file; raise EvidenceNotWritten."""
        path = self.directory / f"{name}.json"
        with writing(path):
            path.write_bytes(spelled(document))
        return path

    def write_table(self, name: str, heading: list[str], rows: Iterable[list[str]]) -> Path:
        """Write one CSV file; raise EvidenceNotWritten."""
        path = self.directory / f"{name}.csv"
        with writing(path), path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([heading, *rows])
        return path

    def files(self) -> list[str]:
        """Return the names of all files, in order."""
        found = (path for path in self.directory.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.directory).as_posix() for path in found)

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every file."""
        return {
            name: sha256((self.directory / name).read_bytes()).hexdigest() for name in self.files()
        }

    def let_go(self) -> None:
        """Give the directory up, as nothing is written to it any more."""
        (self.root / OPEN / self.directory.name).unlink(missing_ok=True)
        os.close(self.held)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell of a file that cannot be written; raise EvidenceNotWritten."""
    try:
        yield
    except OSError as error:
        raise EvidenceNotWritten(f"{path} cannot be written ({error.strerror})") from None


def open_runs(root: Path) -> list[str]:
    """Return the runs whose bundle is not closed: alive ones, and killed ones."""
    with suppress(OSError):
        return sorted(path.name for path in (root / OPEN).iterdir())
    return []


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the root against others that would close a bundle at the same time."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
