"""Where a backup file is: a path on this machine, or a URL that fsspec opens."""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import urlsplit

from reseal import remote
from reseal.backup import whole_file
from reseal.errors import BackupFileError, ConfigurationError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_OWN_DISK = ("file://", "local://")


@dataclass(frozen=True, slots=True)
class Location:
    """A directory or a file; `text` is an absolute path or a URL, and holds no password."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a path or a URL; raise ConfigurationError where it may hold a credential."""
        for scheme in _OWN_DISK:
            text = text.removeprefix(scheme)
        if not text or "\0" in text:
            raise ConfigurationError("a place for files is a directory or a URL, not empty")
        if "://" not in text:
            return cls(str(Path(text).absolute()))
        _need_bare(text)
        return cls(text.rstrip("/"))

    @property
    def is_remote(self) -> bool:
        """Whether it is a URL."""
        return "://" in self.text

    @property
    def path(self) -> Path:
        """The path, where it is on this machine."""
        return Path(self.text)

    def inside(self, *names: str) -> "Location":
        """Return what has these names in it, one below the other."""
        return Location("/".join([self.text.rstrip("/"), *names]))

    def beside(self, name: str) -> "Location":
        """Return what has this name next to it."""
        return Location(self.text.rpartition("/")[0]).inside(name)

    def need_free(self) -> None:
        """Raise BackupFileError where there is something of this name."""
        if remote.exists(self.text) if self.is_remote else self.path.exists():
            raise BackupFileError(f"{self.text} exists already, and is not written over")

    def creating(self) -> AbstractContextManager[BinaryIO]:
        """Write a new file; it is not there at all where the block fails."""
        return remote.creating(self.text) if self.is_remote else whole_file.creating(self.path)

    def reading(self) -> AbstractContextManager[BinaryIO]:
        """Open a file to be read in any order."""
        return remote.reading(self.text) if self.is_remote else whole_file.reading(self.path)

    def remove(self) -> None:
        """Remove a file, or find that there is none; raise BackupFileError."""
        if self.is_remote:
            remote.remove(self.text)
        else:
            whole_file.remove(self.path)

    def need_writable(self) -> None:
        """Raise ConfigurationError where no backup file can be written in this directory."""
        try:
            if self.is_remote:
                remote.try_writing(self.text)
            else:
                whole_file.try_writing(self.path)
        except BackupFileError as error:
            said = str(error)
        else:
            return
        raise ConfigurationError(
            f"{said}; name another place for the backup, as `to` of [backup] or with --backup-to"
        )


def _need_bare(text: str) -> None:
    """Refuse what may hold a credential: URLs are shown, and kept as parameters of runs."""
    # Not quoted, as it may be one.
    how = "credentials belong in fsspec's configuration or the environment"
    if not _SCHEME.match(text) or "::" in text.partition("://")[0] or text.count("://") > 1:
        raise ConfigurationError("a place for files is one plain URL such as s3://bucket/at")
    try:
        parts = urlsplit(text)
        has_password = parts.password is not None
    except ValueError:
        raise ConfigurationError("the URL of the place for files is malformed") from None
    if has_password:
        raise ConfigurationError(f"the URL of the place for files has a password: {how}")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ConfigurationError(f"the URL of the place for files has a query or a fragment: {how}")
