"""Imprints of envelopes, by which an iv shows that was used twice under one key.

An imprint is the iv and the first bytes of the tag. One envelope may be met twice, as a row that
an application writes moves to another page, and rows are copied: then the imprints are alike. Two
tags beside one iv are two encryptions, which AES-GCM does not bear (NIST SP 800-38D, 8); they go
unseen where both tags begin alike, once in 2^32.

Imprints are kept in files for as long as a table is looked at, and compared share by share: ten
million rows take no more memory than one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from uuid import uuid4

from reseal.envelope import IV_BYTES, TAG_BYTES, Parts
from reseal.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # A row an imprint, of two numbers.
    Found = NDArray[np.uint64]

# By the name of the file that holds them.
Carried: TypeAlias = dict[str, bytes]

_TAG_BYTES_KEPT = 4
_IMPRINT_BYTES = IV_BYTES + _TAG_BYTES_KEPT
_TAG_HEAD = slice(-TAG_BYTES, _TAG_BYTES_KEPT - TAG_BYTES)
# The second number has the last four bytes of the iv below the four of the tag.
_REST_OF_IV = 2**32 - 1
_KEPT_BYTES = 64 * 1024
_IMPRINTS_AT_ONCE = 2**18
_READ_AT_ONCE = 2**16


class Ivs(NamedTuple):
    """How many envelopes were opened under a key, and how many had the iv of another one."""

    opened: int
    repeated: int


@dataclass(frozen=True, slots=True)
class Imprinting:
    """Write down what is opened, a file a key version; without a directory nothing is kept."""

    directory: Path | None = None
    _kept: dict[int, bytearray] = field(default_factory=dict)
    _mark: str = field(default_factory=lambda: uuid4().hex)

    def add(self, version: int, iv: bytes, tag: bytes) -> None:
        """Keep the imprint of one envelope."""
        self._keep(version, iv + tag[:_TAG_BYTES_KEPT])

    def add_all(self, envelopes: Sequence[Parts]) -> None:
        """Keep the imprints of many."""
        if self.directory is None:
            return
        for version in {one.key_version for one in envelopes}:
            some = [iv + sealed[_TAG_HEAD] for of, iv, sealed in envelopes if of == version]
            self._keep(version, b"".join(some))

    def write(self) -> None:
        """Write what is still in memory."""
        for version in self._kept:
            self._write(version)

    def _keep(self, version: int, imprints: bytes) -> None:
        if self.directory is None:
            return
        kept = self._kept.setdefault(version, bytearray())
        kept += imprints
        if len(kept) >= _KEPT_BYTES:
            self._write(version)

    def _write(self, version: int) -> None:
        assert self.directory is not None  # noqa: S101 - nothing is kept without one
        path = self.directory / f"{version}-{self._mark}"
        try:
            with path.open("ab") as file:
                file.write(self._kept[version])
        except OSError as error:
            raise _no_place(error) from None
        self._kept[version].clear()


@dataclass(frozen=True, slots=True)
class Imprints:
    """The imprints of all that was opened so far; fields share their keys, so all are together."""

    directory: Path

    def carried(self) -> Carried:
        """Return all of it by file, to be added to those of another machine."""
        return {path.name: path.read_bytes() for path in self.directory.iterdir()}

    def add(self, carried: Carried) -> None:
        """Add what was carried here."""
        for name, octets in carried.items():
            try:
                (self.directory / name).write_bytes(octets)
            except OSError as error:
                raise _no_place(error) from None

    def ivs(self) -> dict[int, Ivs]:
        """Return by key version what the imprints show."""
        files: dict[int, list[Path]] = {}
        for path in sorted(self.directory.iterdir()):
            files.setdefault(int(path.name.partition("-")[0]), []).append(path)
        return {version: _ivs(paths) for version, paths in files.items()}


@contextmanager
def gathering() -> Iterator[Imprints]:
    """Have a place for imprints, which is gone after the block."""
    try:
        place = TemporaryDirectory(prefix="reseal-imprints-")
    except OSError as error:
        raise _no_place(error) from None
    with place as directory:
        yield Imprints(Path(directory))


def _no_place(error: OSError) -> SettingsError:
    return SettingsError(
        f"16 bytes a row cannot be kept for as long as all are opened ({error.strerror}); "
        "make room in the directory for temporary files, or set TMPDIR to another one"
    )


def _ivs(paths: list[Path]) -> Ivs:
    rows = sum(path.stat().st_size for path in paths) // _IMPRINT_BYTES
    # A power of two, so that what is random in an iv tells its share by some of the bits.
    shares = 2 ** (rows // _IMPRINTS_AT_ONCE).bit_length()
    return Ivs(rows, sum(_repeated(paths, number, shares) for number in range(shares)))


def _repeated(paths: list[Path], number: int, shares: int) -> int:
    """Count in one share the envelopes that have the iv of another; all of an iv are in one."""
    # The pipeline has it; an application that imports the library need not.
    import numpy as np

    found = np.concatenate(
        [some[some[:, 0] & (shares - 1) == number] for path in paths for some in _parts(path)]
    )
    begins = np.sort(found[:, 0])
    again = begins[1:][begins[1:] == begins[:-1]]
    if not again.size:
        return 0
    envelopes = np.unique(found[np.isin(found[:, 0], again)], axis=0)
    ivs = envelopes & np.array([2**64 - 1, _REST_OF_IV], dtype=np.uint64)
    return len(envelopes) - len(np.unique(ivs, axis=0))


def _parts(path: Path) -> "Iterator[Found]":
    import numpy as np

    with path.open("rb") as file:
        while octets := file.read(_READ_AT_ONCE * _IMPRINT_BYTES):
            yield np.frombuffer(octets, dtype="<u8").reshape(-1, 2)
