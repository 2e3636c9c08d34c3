"""A file on this machine that is there whole or not at all, and for its owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from reseal.errors import BackupFileError


@contextmanager
def creating(path: Path) -> Iterator[BinaryIO]:
    """Write a file of mode 0600, which is whole and durable when it has its name."""
    part = _part(path)
    with _telling(f"{path} cannot be written"):
        _make_directory(path.parent)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
            _keep(path.parent)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be read in any order."""
    with _telling(f"{path} cannot be read"), path.open("rb") as file:
        yield file


def remove(path: Path) -> None:
    """Remove a file, and what a killed process left of it, or find that there is none."""
    with _telling(f"{path} cannot be removed"):
        for each in (path, _part(path)):
            with suppress(FileNotFoundError, NotADirectoryError):
                each.unlink()
    with suppress(OSError):
        # Where it was the last one in there.
        path.parent.rmdir()


def try_writing(directory: Path) -> None:
    """Raise BackupFileError where no file can be written in a directory; leave nothing there."""
    there = next(path for path in (directory, *directory.parents) if path.exists())
    with _telling(f"nothing can be written to {directory}"), TemporaryFile(dir=there) as file:
        file.write(b"\n")
        file.flush()


def _part(path: Path) -> Path:
    # The same each time, so that what is left of it can be found.
    return path.with_name(f".{path.name}.part")


def _make_directory(directory: Path) -> None:
    if not directory.exists():
        _make_directory(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


def _keep(directory: Path) -> None:
    """See to it that a new name outlives a crash of the machine."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _telling(what: str) -> Iterator[None]:
    try:
        yield
        return
    except OSError as error:
        why = error.strerror or type(error).__name__
    raise BackupFileError(f"{what}: {why}") from None
