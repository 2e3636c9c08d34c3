"""A change of the data key: is one unfinished, and is every live application ready for it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reseal.audit.action import Action
from reseal.census import Census
from reseal.errors import Refused
from reseal.store import event, reader
from reseal.store.store import Store

# A reader that died just before drops out of the live ones within this time.
WAIT_SECONDS = 120.0
# In an emergency, how long readers may take; a vault that meets an unknown version then loads it.
URGENT_SECONDS = 15.0
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
        return f"what was unfinished was gone on with under key {self.active}, no key was made"

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


def is_unfinished(counted: Iterable[tuple[Census, int]], active: int, staged: list[int]) -> bool:
    """Say whether an earlier rotation activated its key and did not reseal all rows.

    Each census comes with how many of its rows are known not to open, which nobody can reseal. A
    key that waits to become active means that the next rotation has begun already.
    """
    return not staged and any(
        left_behind(census, active) > unreadable for census, unreadable in counted
    )


@dataclass(frozen=True, slots=True)
class Wait:
    """How long readers are waited for, and how.

    `assumed` is for readers that do not report; those that do are waited for all the same.
    `urgent` goes on without those that are late. `otherwise` says what becomes of the key where
    it is refused.
    """

    sleep: Callable[[float], None]
    clock: Callable[[], float]
    assumed: bool = False
    urgent: bool = False
    otherwise: str = "the key was not activated"

    @property
    def seconds(self) -> float:
        """The longest wait."""
        return URGENT_SECONDS if self.urgent else WAIT_SECONDS

    def until(self, is_so: Callable[[], bool]) -> bool:
        """Wait until something is so; say whether it came about in time."""
        deadline = self.clock() + self.seconds
        while not is_so():
            if self.clock() >= deadline:
                return False
            self.sleep(_POLL_SECONDS)
        return True


@dataclass(frozen=True, slots=True)
class Ready:
    """The live readers that open a key version, and those that do not, or not yet."""

    instances: tuple[str, ...]
    late: tuple[str, ...]


def await_readers(store: Store, version: int, check_value: bytes, wait: Wait) -> Ready:
    """Wait until every live reader opens a key version; raise Refused where one does not.

    A reader opens it if it has the right bytes under the number.
    """

    wait.until(lambda: not _look(store, version, check_value).late)
    seen = _look(store, version, check_value)
    if seen.late and not wait.urgent:
        raise Refused(f"{_not_ready(seen.late, version, wait.seconds)}; {wait.otherwise}")
    if not (seen.instances or seen.late or wait.assumed or wait.urgent):
        raise Refused(f"{NO_READER}; {wait.otherwise}")
    return seen


def await_openers(store: Store, version: int, check_value: bytes, wait: Wait) -> None:
    """Wait until no live reader is late with a key that seals, but for those let go."""
    excused = let_go(store, version)
    wait.until(lambda: excused.issuperset(_look(store, version, check_value).late))


def let_go(store: Store, version: int) -> frozenset[str]:
    """Return the readers that an emergency went on without when it let a key take over."""
    said = event.latest(store, Action.READERS_READY, key_version=version)
    return frozenset(said["late"] if said else ())


def await_sealers(store: Store, version: int, wait: Wait) -> list[str]:
    """Wait until no live reader seals under another version; return those that still do."""
    wait.until(lambda: not reader.sealing_under_other(store, version))
    return reader.sealing_under_other(store, version)


def need_readers(store: Store) -> None:
    """Raise Refused where no reader is known."""
    if not reader.live(store, 0):
        raise Refused(NO_READER)


def _look(store: Store, version: int, check_value: bytes) -> Ready:
    found = reader.live(store, version)
    ready = tuple(name for name, value in found.items() if value == check_value.hex())
    return Ready(ready, tuple(name for name in found if name not in ready))


def _not_ready(late: tuple[str, ...], version: int, seconds: float) -> str:
    names = ", ".join(late[:_MOST_NAMES])
    more = f" and {len(late) - _MOST_NAMES} more" if len(late) > _MOST_NAMES else ""
    return (
        f"after {seconds:.0f} seconds {len(late)} live readers do not open key {version}: "
        f"{names}{more}; let them call vault.refresh() and vault.heartbeat(), or end them"
    )
