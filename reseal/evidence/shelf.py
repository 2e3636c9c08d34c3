"""Where bundles are kept: a directory a run, in a directory of this machine or behind a URL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reseal import remote
from reseal.backup.location import Location
from reseal.errors import (
    BackupFileError,
    ConfigurationError,
    EvidenceError,
    EvidenceNotWritten,
    NoSuchFile,
    ResealError,
    ShelfUnreachable,
)

# What is not closed yet has a file of its name in here, which whoever writes it holds locked.
OPEN = ".open"


class Shelf(Protocol):
    """Names are relative to the root, with slashes; a file is read and written as a whole.

    What is behind a URL raises ShelfUnreachable where it does not answer: of a file that cannot
    be had now nothing is known, and least of all that it is not there.
    """

    @property
    def where(self) -> str:
        """The root, as a path or a URL."""

    def names(self, below: str = "") -> set[str]:
        """Return all files, and directories that hold nothing, these with a slash at the end.

        With `below` those in one directory, by their names there.
        """

    def has(self, name: str) -> bool:
        """Say whether there is a file of this name."""

    def read(self, name: str) -> bytes:
        """Return what is in a file; raise EvidenceError where it cannot be read."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file, which is there whole or not at all; raise EvidenceError."""

    def remove(self, name: str) -> None:
        """Remove a file, or find that there is none."""

    def need_writable(self) -> None:
        """Raise ConfigurationError where it is known before a run that nothing can be written."""


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

    def names(self, below: str = "") -> set[str]:
        """Return all files, links among them, and empty directories."""
        found = set()
        root = self.root / below
        for directory, inside, files in os.walk(root, onerror=_raise):
            place = Path(directory).relative_to(root)
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
            raise EvidenceNotWritten(f"{path} cannot be written ({error.strerror})") from None

    def remove(self, name: str) -> None:
        """Remove a file, or find that there is none."""
        (self.root / name).unlink(missing_ok=True)

    def need_writable(self) -> None:
        """Leave it to the run, whose preflight looks at the directory and keeps a record."""


@dataclass(frozen=True, slots=True)
class RemoteShelf:
    """A directory that fsspec opens."""

    root: str

    @property
    def where(self) -> str:
        """The root's URL."""
        return self.root

    def names(self, below: str = "") -> set[str]:
        """Return all files; there, a directory is a part of a name."""
        with _telling():
            return remote.names(f"{self.root}/{below}".rstrip("/"))

    def has(self, name: str) -> bool:
        """Say whether there is a file of this name."""
        with _telling():
            return remote.exists(f"{self.root}/{name}")

    def read(self, name: str) -> bytes:
        """Return what is in a file."""
        with _telling():
            return remote.content(f"{self.root}/{name}")

    def put(self, name: str, content: bytes) -> None:
        """Write a file, over one that is there."""
        with _telling(), remote.creating(f"{self.root}/{name}") as file:
            file.write(content)

    def remove(self, name: str) -> None:
        """Remove a file, or find that there is none."""
        with _telling():
            remote.remove(f"{self.root}/{name}")

    def need_writable(self) -> None:
        """Write a file and remove it, so that a run does not fail at its end."""
        try:
            remote.try_writing(self.root)
        except BackupFileError as error:
            said = str(error)
        else:
            return
        raise ConfigurationError(
            f"{said}; name another place for the evidence, in reseal.toml or RESEAL_EVIDENCE"
        )


@contextmanager
def _telling() -> Iterator[None]:
    kind: type[ResealError] = ShelfUnreachable
    try:
        yield
        return
    except NoSuchFile as error:
        kind, said = EvidenceError, str(error)
    except BackupFileError as error:
        said = str(error)
    raise kind(said)


def _raise(error: OSError) -> None:
    # Nothing there yet is nothing on the shelf.
    if not isinstance(error, FileNotFoundError):
        raise _unreadable(str(error.filename), error)


def _unreadable(path: str, error: OSError) -> EvidenceError:
    return EvidenceError(f"{path} cannot be read ({error.strerror})")
