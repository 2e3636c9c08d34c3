"""Hear it when somebody cancels a run in Prefect, whoever has started it.

A worker sends the signal to stop to the runs that it has started. One that was started from a shell
has nobody to tell it, so it asks every now and then.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

_EVERY_SECONDS = 2.0
# An answer that is under way when the run ends is not waited for longer than this.
_PATIENCE_SECONDS = 2.0


@contextmanager
def heeding_prefect(run_id: UUID, stop: Callable[[], None]) -> Iterator[None]:
    """Stop a run that is cancelled or deleted in Prefect, for the length of the block."""
    over = Event()
    thread = Thread(target=_look, args=(run_id, stop, over), name="cancelling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_PATIENCE_SECONDS)


def _look(run_id: UUID, stop: Callable[[], None], over: Event) -> None:
    while not over.wait(_EVERY_SECONDS):
        # A server that does not answer says nothing: the run goes on.
        with suppress(Exception):
            if _is_cancelled(run_id):
                stop()
                return


def _is_cancelled(run_id: UUID) -> bool:
    with get_client(sync_client=True) as client:
        try:
            state = client.read_flow_run(run_id).state
        except ObjectNotFound:
            return True
    return state is not None and (state.is_cancelling() or state.is_cancelled())
