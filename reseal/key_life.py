"""The life of a data key: which state may follow which, and why."""

from reseal.errors import Refused
from reseal.keyring import KeyState

ALLOWED: dict[KeyState, frozenset[KeyState]] = {
    # Every reader opens it by now, so it may begin to seal. Or it will never be needed.
    KeyState.STAGED: frozenset({KeyState.ACTIVE, KeyState.RETIRING}),
    # Another key seals from now on; what stands under this one must still open.
    KeyState.ACTIVE: frozenset({KeyState.RETIRING}),
    # A rotation is rolled back. Or nothing is under it any more, and no process needs to load it.
    KeyState.RETIRING: frozenset({KeyState.ACTIVE, KeyState.DISABLED}),
    # Something turned up that needs it. Or no backup needs it either, and its bytes may go.
    KeyState.DISABLED: frozenset({KeyState.RETIRING, KeyState.DESTROYED}),
    # The end: bytes that are gone do not come back.
    KeyState.DESTROYED: frozenset(),
}


def check_move(version: int, now: KeyState, then: KeyState) -> None:
    """Raise Refused unless a key in this state may go into that one."""
    if then in ALLOWED[now]:
        return
    following = " or ".join(sorted(state.value for state in ALLOWED[now])) or "nothing else"
    raise Refused(
        f"data key {version} is {now.value} and cannot become {then.value}; "
        f"what is {now.value} can become {following}"
    )
