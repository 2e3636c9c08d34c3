"""The Merkle tree hash of a list: one digest of many lines, by which each can be shown alone."""

from collections.abc import Iterable
from hashlib import sha256

_LEAF, _NODE = b"\x00", b"\x01"


def root(leaves: Iterable[bytes]) -> str:
    """Return the tree's root as 64 hexadecimal digits (RFC 9162, 2.1.1), in constant memory."""
    # Whole subtrees, largest first, each with the number of its leaves.
    whole: list[tuple[int, bytes]] = []
    for leaf in leaves:
        size, digest = 1, sha256(_LEAF + leaf).digest()
        while whole and whole[-1][0] == size:
            _, left = whole.pop()
            size, digest = 2 * size, _joined(left, digest)
        whole.append((size, digest))
    if not whole:
        return sha256().hexdigest()
    _, digest = whole.pop()
    while whole:
        digest = _joined(whole.pop()[1], digest)
    return digest.hex()


def _joined(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()
