"""Let time pass between the reading of a batch and its writing, while the application writes."""

from collections.abc import Callable
from threading import Event

from tests.flows.scene import Scene

# A batch asks for the row of its field before it writes, and has read its rows by then. Well
# within the two seconds that a run waits for a lock.
HOLD_OFF = b"LOCK TABLE reseal.control IN EXCLUSIVE MODE"

_SECONDS_HELD_OFF, _SECONDS_BETWEEN = 0.3, 0.02


def holds_off_batches(scene: Scene, ended: Event) -> Callable[[], None]:
    """Hold every batch off for a while, until it has ended."""

    def work() -> None:
        with scene.connect() as connection:
            while not ended.wait(_SECONDS_BETWEEN):
                with connection.transaction():
                    connection.execute(HOLD_OFF)
                    ended.wait(_SECONDS_HELD_OFF)

    return work
