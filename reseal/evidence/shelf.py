"""Where bundles are kept: a directory a run, in a directory of this machine or behind a URL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reseal import remote
from reseal.backup.location import Location
from reseal.errors import BackupFileError, EvidenceError

# What is not closed yet has a file of its name in here, which whoever writes it holds locked.
OPEN = ".open"


class Shelf(Protocol):
    """Names are relative to the root, with slashes; a file is read and written as a whole."""

    @property
    def where(self) -> str:
        """The root, as a path or a URL."""

    def names(self) -> set[str]:
        """Return all files, and directories that hold nothing, these with a slash at the end."""

    def has(self, name: str) -> bool:
        """Say whether there is a file of this name."""

    def read(self, name: str) -> bytes:
        """Return what is in a file; raise EvidenceError where it cannot be read."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file, which is there whole or not at all; raise EvidenceError."""


def shelf_at(text: str) -> Shelf:
    """Return the shelf at a directory or a URL; raise ConfigurationError for no such thing."""
    location = Location.parse(text)
    return RemoteShelf(location.text) if location.is_remote else LocalShelf(location.path)


@dataclass(frozen=True, slots=True)
class LocalShelf:
    """A directory of this machine."""

    root: Path

    @property
    def where(self) -> str:
        """The root's path."""
        return str(self.root)

    def names(self) -> set[str]:
        """Return all files, links among them, and empty directories."""
        found = set()
        for directory, inside, files in os.walk(self.root, onerror=_raise):
            place = Path(directory).relative_to(self.root)
            links = [name for name in inside if (Path(directory) / name).is_symlink()]
            found |= {(place / name).as_posix() for name in [*files, *links]}
            if not files and not inside:
                found.add(f"{place.as_posix()}/")
        return found - {"./"}

    def has(self, name: str) -> bool:
        """Say whether there is a file of this name, or anything else."""
        return os.path.lexists(self.root / name)

    def read(self, name: str) -> bytes:
        """Return what is in a file; a link is none."""
        path = self.root / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as file:
                return file.read()
        except OSError as error:
            raise _unreadable(str(path), error) from None

    def put(self, name: str, content: bytes) -> None:
        """Write a file beside its name first, then give it its name."""
        path = self.root / name
        part = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            raise EvidenceError(f"{path} cannot be written ({error.strerror})") from None


@dataclass(frozen=True, slots=True)
class RemoteShelf:
    """A directory that fsspec opens."""

    root: str

    @property
    def where(self) -> str:
        """The root's URL."""
        return self.root

    def names(self) -> set[str]:
        """Return all files; there, a directory is a part of a name."""
        with _telling():
            return remote.names(self.root)

    def has(self, name: str) -> bool:
        """Say whether there is a file of this name."""
        with _telling():
            return remote.exists(f"{self.root}/{name}")

    def read(self, name: str) -> bytes:
        """Return what is in a file."""
        with _telling(), remote.reading(f"{self.root}/{name}") as file:
            return file.read()

    def put(self, name: str, content: bytes) -> None:
        """Write a file, over one that is there."""
        with _telling(), remote.creating(f"{self.root}/{name}") as file:
            file.write(content)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
        return
    except BackupFileError as error:
        said = str(error)
    raise EvidenceError(said)


def _raise(error: OSError) -> None:
    # Nothing there yet is nothing on the shelf.
    if not isinstance(error, FileNotFoundError):
        raise _unreadable(str(error.filename), error)


def _unreadable(path: str, error: OSError) -> EvidenceError:
    return EvidenceError(f"{path} cannot be read ({error.strerror})")
