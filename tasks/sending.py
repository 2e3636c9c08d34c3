"""What Prefect sends from a thread of its own is waited for, for a while."""

from prefect.events.worker import EventsWorker

# A server that does not take them must not keep a run, or a look at health, waiting for long.
_SECONDS = 20.0


def events_have_left() -> bool:
    """Wait until Prefect has sent its events; say whether it came to an end of that."""
    waited = EventsWorker.drain_all(timeout=_SECONDS, at_exit=False)
    return not (isinstance(waited, tuple) and waited[1])
