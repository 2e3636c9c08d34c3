"""A small disk that can be filled: a file system of its own with a tablespace on it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.chaos.server import OwnServer

MAKE = "CREATE TABLESPACE small LOCATION '{}'"

# Moved without a free page in it, so that what is written next needs another one.
MOVE_IN = ("VACUUM (FULL) users", "ALTER TABLE users SET TABLESPACE small")
MOVE_OUT = "ALTER TABLE users SET TABLESPACE pg_default"

NEW_TABLES = "ALTER DATABASE {} SET default_tablespace = {}"

_SIZE = "128m"
_CHUNK = bytes(1 << 16)


@dataclass(frozen=True)
class Space:
    """The directory of the file system."""

    directory: Path

    def fill(self, left: int = 0) -> None:
        """Leave so many bytes free."""
        free = os.statvfs(self.directory).f_bavail * os.statvfs(self.directory).f_frsize - left
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            for _ in range(free // len(_CHUNK)):
                file.write(_CHUNK)
            if not left:
                while file.write(_CHUNK[:4096]):
                    pass

    def free(self) -> None:
        """Give back what was filled."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.directory / "ballast"


@contextmanager
def small_disk(server: OwnServer, directory: Path) -> Iterator[Space | None]:
    """Mount a small disk for the length of the block; None where that may not be done."""
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0755", "reseal-chaos", directory],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        yield None
        return
    try:
        place = directory / "tablespace"
        place.mkdir(mode=0o700)
        owner = server.directory.stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(MAKE.format(place).encode())
        yield Space(directory)
    finally:
        subprocess.run(["umount", "--lazy", directory], capture_output=True, check=False)
