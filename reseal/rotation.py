"""A change of the data key: is one unfinished, and is every live application ready for it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reseal.census import Census
from reseal.errors import Refused
from reseal.store import reader
from reseal.store.store import Store

# A reader that died just before drops out of the live ones within this time.
WAIT_SECONDS = 120.0
_POLL_SECONDS = 1.0
_MOST_NAMES = 10

NO_READER = (
    "no application has reported within two minutes which keys it opens; let each call "
    "vault.refresh() and vault.heartbeat() regularly, or pass --assume-readers-ready"
)


@dataclass(frozen=True, slots=True)
class Change:
    """Which key seals now, which ones only open, and whether this run made the change."""

    active: int
    retiring: tuple[int, ...]
    is_new: bool

    def __str__(self) -> str:
        if self.is_new:
            return f"key {self.active} is active now"
        return f"an unfinished rotation was gone on with under key {self.active}, no key was made"

    @property
    def aftermath(self) -> str:
        """What becomes of the older keys, for a person to read."""
        named = ", ".join(map(str, self.retiring))
        return f"retiring, and opening what is still under it: key {named}" if named else ""


def left_behind(census: Census, active: int) -> int:
    """Return how many rows are sealed under another key than the active one."""
    return sum(rows for version, rows in census.sealed.items() if version != active)


def promised(census: Census, active: int) -> int:
    """Return how many rows a rotation to the active key has to write."""
    return census.plain + left_behind(census, active)


def is_unfinished(counted: Iterable[Census], active: int, staged: list[int]) -> bool:
    """Say whether an earlier rotation activated its key and did not reseal all rows.

    A key that waits to become active means that the next rotation has begun already.
    """
    return not staged and any(left_behind(census, active) for census in counted)


def await_readers(
    store: Store,
    version: int,
    check_value: bytes,
    *,
    assumed: bool,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> list[str]:
    """Wait until every live reader opens a key version; return them, or raise Refused.

    A reader opens it if it has the right bytes under the number. `assumed` is for readers that
    do not report; those that do are waited for all the same.
    """
    deadline = clock() + WAIT_SECONDS
    while late := _late(found := reader.live(store, version), check_value):
        if clock() >= deadline:
            raise Refused(_not_ready(late, version))
        sleep(_POLL_SECONDS)
    if not found and not assumed:
        raise Refused(f"{NO_READER}; {_stays_staged(version)}")
    return list(found)


def need_readers(store: Store) -> None:
    """Raise Refused where no reader is known."""
    if not reader.live(store, 0):
        raise Refused(NO_READER)


def _late(found: dict[str, str | None], check_value: bytes) -> list[str]:
    return [instance for instance, value in found.items() if value != check_value.hex()]


def _not_ready(late: list[str], version: int) -> str:
    names = ", ".join(late[:_MOST_NAMES])
    more = f" and {len(late) - _MOST_NAMES} more" if len(late) > _MOST_NAMES else ""
    return (
        f"after {WAIT_SECONDS:.0f} seconds {len(late)} live readers do not open key {version}: "
        f"{names}{more}; let them call vault.refresh() and vault.heartbeat(), or end them; "
        f"{_stays_staged(version)}"
    )


def _stays_staged(version: int) -> str:
    return f"key {version} stays staged for the next `reseal rotate`"
