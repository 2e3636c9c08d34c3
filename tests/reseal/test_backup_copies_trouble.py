"""Copies of a backup in trouble: a disk that fills, and files that are cut, mixed up or swapped."""

import errno
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import fsspec
import pytest

from reseal import BackupFileError
from reseal.backup import again
from reseal.backup.location import Location
from tests.reseal.backing_up import NEW, backed_up, copies, copying, held, prove_again
from tests.reseal.block_files import BlockFile, BlockFiles, ServedFiles
from tests.reseal.scene import SEED, Scene


class FullFile(BlockFile):
    """A fake: a file whose disk is full when it is sent."""

    def _upload_chunk(self, final: bool = False) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let this process write no file that is larger, as on a disk that fills."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 100, 10_000, 80_000])
def test_a_disk_that_fills_leaves_no_copy_and_another_can_be_made(scene, tmp_path, size):
    scene.enrol(*[SEED] * 1000)
    scene.back_up()
    place = Location(str(tmp_path / "copies"))
    with room_for(size), pytest.raises(BackupFileError, match="cannot be written: File too large"):
        copying(scene).copy(place)

    assert copies(scene) == ()
    assert list(place.path.iterdir()) == []
    copying(scene).copy(place)
    assert len(held(scene, copies(scene)[0])) == 1000


@pytest.mark.parametrize("kind", [BlockFiles, ServedFiles])
def test_a_store_that_is_full_leaves_no_copy_either(scene, kind, monkeypatch):
    scene.enrol(SEED)
    scene.back_up()
    fsspec.register_implementation(kind.protocol[0], kind, clobber=True)
    kind.store.clear()
    place = Location(f"{kind.protocol[0]}://full")
    with monkeypatch.context() as full:
        full.setattr("tests.reseal.block_files.BlockFile", FullFile)
        with pytest.raises(BackupFileError, match="cannot be written: No space left on device"):
            copying(scene).copy(place)

    assert (kind.store, copies(scene)) == ({}, ())
    copying(scene).copy(place)
    assert len(kind.store) == 1


def test_where_the_late_copy_finds_no_room_the_first_one_stands(scene, tmp_path):
    rows = scene.enrol(*[SEED] * 300)
    backed_up(scene, Location(str(tmp_path)))
    for row in rows:
        scene.put(row, NEW)
    scene.sweep()
    with room_for(8192), pytest.raises(BackupFileError, match="File too large"):
        copying(scene).copy_late()

    assert len(copies(scene)) == 1
    done = prove_again(scene)
    assert (done.faults, done.late_rows, done.copies[0].late_rows) == ([], 300, 0)
    copying(scene).copy_late()
    assert prove_again(scene).faults == []


Change = Callable[[list[bytes], list[bytes]], list[bytes]]

CHANGES: dict[str, Change] = {
    "in another order": lambda lines, _: [lines[0], lines[2], lines[1], *lines[3:]],
    "a record twice": lambda lines, _: [*lines[:2], *lines[1:]],
    "a record of another run": lambda lines, other: [lines[0], other[1], *lines[2:]],
    "all records of another run": lambda lines, other: [lines[0], *other[1:-1], lines[-1]],
    "the header of another run": lambda lines, other: [other[0], *lines[1:]],
    "the trailer of another run": lambda lines, other: [*lines[:-1], other[-1]],
    "a record more": lambda lines, other: [*lines, other[1]],
    "an empty line more": lambda lines, _: [*lines, b"\n"],
    "itself once more": lambda lines, _: [*lines, *lines],
    "another run after it": lambda lines, other: [*lines, *other],
    "another run before it": lambda lines, other: [*other, *lines],
}


@pytest.fixture
def two_runs(scene: Scene, tmp_path: Path) -> list[Scene]:
    scene.enrol(SEED, SEED, SEED)
    runs = [scene, scene.again()]
    for run in runs:
        backed_up(run, Location(str(tmp_path)))
    return runs


def lines(scene: Scene) -> tuple[Path, list[bytes]]:
    path = Path(copies(scene)[0])
    return path, path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_is_mixed_up_in_a_copy_is_told_and_nothing_of_it_given_out(two_runs, change):
    (path, one), (_, other) = map(lines, two_runs)
    path.write_bytes(b"".join(change(one, other)))

    done = prove_again(two_runs[0])
    assert done.why_not is None
    assert len(done.faults) == 1
    assert again.prove_file(str(path), two_runs[0].access.backup_kek()).rows == 0


def test_a_copy_that_is_cut_off_anywhere_is_told(two_runs):
    path, whole = lines(two_runs[0])
    content = b"".join(whole)
    ends = [sum(map(len, whole[:number])) for number in range(len(whole))]
    kek = two_runs[0].access.backup_kek()

    for end in {*ends, *(end + 1 for end in ends), *range(len(content) - 90, len(content))}:
        path.write_bytes(content[:end])
        assert again.prove_file(str(path), kek).why_not, end
    path.write_bytes(content)
    assert again.prove_file(str(path), kek).rows == 3


def test_copies_of_two_runs_that_were_swapped_are_told_by_both(two_runs):
    (one, _), (other, _) = map(lines, two_runs)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)

    for run in two_runs:
        assert "it is of another backup" in prove_again(run).faults[0]
