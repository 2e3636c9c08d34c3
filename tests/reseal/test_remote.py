"""Files at a URL: whole or not there, never written over, and no fault shows a credential."""

from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from reseal import BackupFileError, remote
from reseal.errors import Refused
from tests.conftest import SENTINEL
from tests.reseal.block_files import BlockFiles, ServedFiles

URL = "memory://reseal-tests/a/b.file"


class DeliberatelyBrokenFiles(MemoryFileSystem):
    """A fake: a store that fails as stores do, with a credential in what it says."""

    protocol = "broken"
    fault: Exception = OSError()
    store: dict[str, Any] = {}  # noqa: RUF012 - as its base class has it
    pseudo_dirs = [""]  # noqa: RUF012

    def _open(self, *args: Any, **kwargs: Any) -> Any:
        raise self.fault

    def pipe_file(self, *args: Any, **kwargs: Any) -> Any:
        raise self.fault

    def exists(self, *args: Any, **kwargs: Any) -> Any:
        raise self.fault


class UndeletableFiles(MemoryFileSystem):
    """A fake: a store that keeps what was once written."""

    protocol = "kept"
    store: dict[str, Any] = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012

    def rm_file(self, path: str) -> None:
        raise PermissionError(1, "Operation not permitted")


class BucketFiles(MemoryFileSystem):
    """A fake: a store of objects, in which a new directory would be a new bucket."""

    protocol = "oci"
    store: dict[str, Any] = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012

    def makedirs(self, *args: Any, **kwargs: Any) -> None:
        raise AssertionError("this would make a bucket")


@pytest.fixture(autouse=True)
def _stores():
    for kind in (DeliberatelyBrokenFiles, UndeletableFiles, BucketFiles):
        fsspec.register_implementation(kind.protocol, kind, clobber=True)
        kind.store.clear()
    for blocks in (BlockFiles, ServedFiles):
        fsspec.register_implementation(blocks.protocol[0], blocks, clobber=True)
        blocks.store.clear()
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def test_a_file_is_read_as_it_was_written():
    with remote.creating(URL) as file:
        file.write(b"one")
        file.write(b"two")
        assert not remote.exists(URL)
    with remote.reading(URL) as file:
        assert file.read() == b"onetwo"
        file.seek(3)
        assert file.read(1) == b"t"


def test_a_file_whose_writing_fails_is_not_there():
    with pytest.raises(Refused):
        fail_half_way(remote.creating(URL))

    assert not remote.exists(URL)
    # The fault has not left the store in a transaction that nobody ends.
    with remote.creating(URL) as file:
        file.write(b"whole")
    assert remote.exists(URL)


@pytest.mark.parametrize("protocol", ["blocks", "served"])
def test_what_is_read_in_blocks_is_read_by_lines(protocol):
    url = f"{protocol}://at/f"
    with remote.creating(url) as file:
        file.write(b"one\n" + b"x" * 3_000_000)
        file.write(b"\nthree")
        assert not remote.exists(url)
    with remote.reading(url) as file:
        assert file.readline(2) == b"on"
        assert file.readline() == b"e\n"
        assert len(file.readline()) == 3_000_001
        assert file.read() == b"three"
        file.seek(1)
        assert file.tell() == 1
        assert file.readline(2**31 - 1) == b"ne\n"


def test_on_a_file_server_a_file_is_written_beside_its_place_and_renamed():
    with remote.creating("served://at/f") as file:
        file.write(b"all of it")
    remote.try_writing("served://at")

    assert ServedFiles.store == {"at/f": b"all of it"}
    with pytest.raises(Refused):
        fail_half_way(remote.creating("served://at/g"))
    assert list(ServedFiles.store) == ["at/f"]


def test_what_a_killed_process_left_on_a_file_server_is_removed_with_the_file():
    ServedFiles.store |= {"at/.f.part": b"half", "at/.g.part": b"another's"}
    remote.remove("served://at/f")

    assert list(ServedFiles.store) == ["at/.g.part"]


def test_a_file_is_removed_once_and_for_all():
    with remote.creating(URL) as file:
        file.write(b"x")
    remote.remove(URL)
    remote.remove(URL)

    assert not remote.exists(URL)


def test_looking_whether_one_may_write_leaves_nothing_there():
    remote.try_writing("memory://reseal-tests/new")

    assert MemoryFileSystem.store == {}


def test_a_store_that_keeps_everything_can_be_written_to():
    for _ in range(2):
        remote.try_writing("kept://reseal-tests")

    assert [name.rpartition("/")[2] for name in UndeletableFiles.store] == [remote.PROBE]
    with pytest.raises(BackupFileError, match="cannot be removed: Operation not permitted"):
        remote.remove(f"kept://reseal-tests/{remote.PROBE}")


def fail_half_way(creating):
    with creating as file:
        file.write(b"half")
        raise Refused("of our own")


def test_no_bucket_is_made_because_of_a_wrong_name():
    remote.try_writing("oci://bucket/a")
    with remote.creating("oci://bucket/a/f") as file:
        file.write(b"x")

    assert len(BucketFiles.store) == 1


FAULTS = [
    (PermissionError(13, "Permission denied"), "Permission denied"),
    (OSError(f"https://x/?token={SENTINEL}"), "OSError"),
    (ValueError(SENTINEL), "ValueError"),
    (RuntimeError(SENTINEL), "RuntimeError"),
    (ImportError("Install s3fs to access S3"), "a package is missing: Install s3fs"),
    (ImportError("No module", name="fsspec"), "fsspec is not installed"),
]


@pytest.mark.parametrize(("fault", "says"), FAULTS, ids=[says for _, says in FAULTS])
def test_a_fault_is_one_sentence_without_what_the_store_said(fault, says):
    DeliberatelyBrokenFiles.fault = fault
    url = "broken://at/f"

    for act in (
        lambda: remote.creating(url).__enter__(),
        lambda: remote.reading(url).__enter__(),
        lambda: remote.exists(url),
        lambda: remote.remove(url),
        lambda: remote.try_writing(url),
    ):
        with pytest.raises(BackupFileError) as caught:
            act()
        assert says in str(caught.value)
        assert url in str(caught.value)
        assert SENTINEL not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_protocol_whose_package_is_missing_is_told():
    with pytest.raises(BackupFileError, match=r"cannot be read: a package is missing: .*s3fs"):
        remote.reading("s3://bucket/f").__enter__()


def test_a_protocol_that_there_is_not_is_told():
    with pytest.raises(BackupFileError, match="nothing can be written to nowhere://x: ValueError"):
        remote.try_writing("nowhere://x")


def test_the_files_below_a_directory_are_listed_by_their_names_from_there():
    assert remote.names("memory://reseal-tests") == set()
    for name in ("a/b.file", "a/c/d", "e"):
        with remote.creating(f"memory://reseal-tests/{name}") as file:
            file.write(b"x")
    assert remote.names("memory://reseal-tests/") == {"a/b.file", "a/c/d", "e"}
    assert remote.names("memory://reseal-tests/a") == {"b.file", "c/d"}
