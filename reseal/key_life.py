"""The life of a data key: which state may follow which, and why."""

from reseal.errors import KeyringError
from reseal.keyring import KeyState

ALLOWED: dict[KeyState, frozenset[KeyState]] = {
    # Every reader opens it by now, so it may begin to seal.
    KeyState.STAGED: frozenset({KeyState.ACTIVE}),
    # Another key seals from now on; what stands under this one must still open.
    KeyState.ACTIVE: frozenset({KeyState.RETIRING}),
    # Nothing is sealed under it any more, so no process needs to load it.
    KeyState.RETIRING: frozenset({KeyState.DISABLED}),
    # No backup of the database needs it either, so its bytes may go.
    KeyState.DISABLED: frozenset({KeyState.DESTROYED}),
    # The end: bytes that are gone do not come back.
    KeyState.DESTROYED: frozenset(),
}


def check_move(version: int, now: KeyState, then: KeyState) -> None:
    """Raise KeyringError unless a key in this state may go into that one."""
    if then not in ALLOWED[now]:
        raise KeyringError(f"data key {version} is {now.value} and cannot become {then.value}")
