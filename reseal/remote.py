"""Files elsewhere, named by a URL that fsspec opens, such as s3://bucket/path.

Credentials are no part of a URL here: they come from fsspec's own configuration, or from the
environment, as the package of each protocol reads them. What is written appears under its name when
all of it is there: on a file server it is renamed, elsewhere fsspec does that in a transaction of
its own. Stores of objects keep it; fsspec does not promise it for every protocol, so that whoever
needs to know whether a file is whole has to read it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from reseal.errors import BackupFileError, NoSuchFile, ResealError
from reseal.reading import buffered

# There a directory is a part of a name, and making one may make a bucket.
_BUCKETS = frozenset({
    "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oci", "ocilake", "oss", "tos", "tosfs",
})  # fmt: skip
# There fsspec's transactions write to /tmp first, which may not be there, or not on the same disk.
_FILE_SERVERS = frozenset({"ftp", "sftp", "ssh", "smb"})
# Overwritten at each look: a bucket that keeps what was written refuses to have it deleted.
PROBE = ".reseal-can-write"


@contextmanager
def creating(url: str) -> Iterator[BinaryIO]:
    """Write a file, which is left out where the block fails."""
    with _telling(f"{url} cannot be written"):
        files, path = _files(url)
        _make_directory(files, path.rpartition("/")[0])
        with _writing(files, path) as file:
            yield file


@contextmanager
def reading(url: str) -> Iterator[BinaryIO]:
    """Open a file to be read in any order."""
    with _telling(f"{url} cannot be read"):
        files, path = _shared(url)
        with files.open(path, "rb") as file, buffered(file) as reader:
            yield reader


def content(url: str) -> bytes:
    """Return what is in a file, which fits in memory: of an object, one request."""
    with _telling(f"{url} cannot be read"):
        files, path = _shared(url)
        return bytes(files.cat_file(path))


def exists(url: str) -> bool:
    """Say whether there is a file."""
    with _telling(f"{url} cannot be looked at"):
        files, path = _shared(url)
        return bool(files.exists(path))


def names(url: str) -> set[str]:
    """Return the files below a directory, by their names from there on; none where it is not."""
    with _telling(f"{url} cannot be listed"):
        files, path = _shared(url)
        if not files.exists(path):
            return set()
        begin = path.rstrip("/") + "/"
        # Some protocols answer with a slash before, and some without one.
        found = (each.lstrip("/") for each in files.find(path))
        return {each.removeprefix(begin.lstrip("/")) for each in found}


def remove(url: str) -> None:
    """Remove a file, and what a killed process left of it, or find that there is none."""
    with _telling(f"{url} cannot be removed"):
        files, path = _files(url)
        for each in (path, _part(path)) if _renames(files) else (path,):
            if files.exists(each):
                files.rm_file(each)


def try_writing(url: str) -> None:
    """Raise BackupFileError where no file can be written in a directory."""
    with _telling(f"nothing can be written to {url}"):
        files, path = _files(url)
        _make_directory(files, path)
        probe = f"{path.rstrip('/')}/{PROBE}"
        with _writing(files, probe) as file:
            file.write(b"Written by Reseal to see whether it may.\n")
        with suppress(Exception):
            files.rm_file(probe)


def _files(url: str, *, is_shared: bool = False) -> tuple[Any, str]:
    import fsspec

    files, path = fsspec.url_to_fs(url, skip_instance_cache=not is_shared)
    # What another process has written since must be seen.
    files.invalidate_cache()
    return files, path


def _shared(url: str) -> tuple[Any, str]:
    """Return what reads: one connection serves for many files.

    What writes has an instance of its own, as what others write meanwhile is no part of its
    transaction.
    """
    return _files(url, is_shared=True)


@contextmanager
def _writing(files: Any, path: str) -> Iterator[BinaryIO]:
    if not _renames(files):
        with files.transaction, files.open(path, "wb") as file:
            yield file
        return
    part = _part(path)
    try:
        with files.open(part, "wb") as file:
            yield file
        files.mv(part, path)
    except BaseException:
        with suppress(Exception):
            files.rm_file(part)
        raise


def _part(path: str) -> str:
    # The same each time, so that what is left of it can be found.
    directory, _, name = path.rpartition("/")
    return f"{directory}/.{name}.part"


def _renames(files: Any) -> bool:
    return bool(_names(files) & _FILE_SERVERS)


def _names(files: Any) -> set[str]:
    return {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)


def _make_directory(files: Any, path: str) -> None:
    if not _names(files) & _BUCKETS:
        files.makedirs(path, exist_ok=True)


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Turn whatever a file system raises into one sentence; what it says may hold a credential."""
    kind = BackupFileError
    try:
        yield
        return
    except ResealError:
        raise
    except ImportError as error:
        why = _missing(error)
    except FileNotFoundError:
        why, kind = "No such file or directory", NoSuchFile
    except OSError as error:
        why = error.strerror or type(error).__name__
    except Exception as error:
        why = type(error).__name__
    raise kind(f"{what}: {why}") from None


def _missing(error: ImportError) -> str:
    if error.name == "fsspec":
        return "fsspec is not installed; `pip install fsspec` and the package of the protocol"
    # One of fsspec's own table of protocols, such as "Install s3fs to access S3".
    return f"a package is missing: {error}"
