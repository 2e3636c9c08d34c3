"""What is on a shelf at one moment: closed bundles, open ones, and the head of the chain."""

from dataclasses import dataclass

from reseal.errors import EvidenceError
from reseal.evidence.bundle import read_bundle
from reseal.evidence.head import HEAD, Head, last_named, read_head
from reseal.evidence.public_key import PublicKey
from reseal.evidence.shelf import OPEN, Shelf
from reseal.evidence.statement import STATEMENT

# A listing takes less time than a run; more tries than this and something else is wrong.
_MOST_LISTINGS = 5


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of each closed bundle by its name, the open ones, and the head as it is kept.

    A bundle is open until the head of the chain knows it. `head` is None where there is none.
    """

    files: dict[str, set[str]]
    open: tuple[str, ...]
    head: bytes | None

    def head_by(self, keys: list[PublicKey]) -> Head:
        """Return the head that one of the keys has signed; raise EvidenceError."""
        if self.head is None:
            raise EvidenceError(f"{HEAD} cannot be read")
        return read_head(self.head, keys)


def contents(shelf: Shelf) -> Contents:
    """List a shelf, whatever is being closed meanwhile."""
    head = _head(shelf)
    for _ in range(_MOST_LISTINGS):
        files = _by_directory(shelf)
        # Whoever closes a bundle moves the head. Where it has not moved, each bundle in the
        # listing is one that it knows, or is in OPEN.
        before, head = head, _head(shelf)
        if head == before:
            break
    # Empty, it is listed by its own name.
    marked = files.pop(OPEN, set()) - {""}
    last = None if head is None else last_named(head)
    is_open = {
        name
        for name in marked
        if STATEMENT not in files.get(name, ()) or read_bundle(shelf, name).previous == last
    }
    return Contents(
        {name: inside for name, inside in files.items() if name not in is_open},
        tuple(sorted(is_open)),
        head,
    )


def _head(shelf: Shelf) -> bytes | None:
    try:
        return shelf.read(HEAD)
    except EvidenceError:
        return None


def _by_directory(shelf: Shelf) -> dict[str, set[str]]:
    """Return the files of each directory by its name; what stands beside them is not looked at."""
    files: dict[str, set[str]] = {}
    for name in shelf.names():
        directory, slash, rest = name.partition("/")
        if slash:
            files.setdefault(directory, set()).add(rest)
    return files
