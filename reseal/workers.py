"""Worker processes that sweep spans: Python's encryption needs more than one interpreter lock.

Only ids, page numbers and counts go in and out; each process opens its own connections and keys.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from typing import ParamSpec, TypeAlias, TypeVar
from uuid import UUID

from reseal import about, logs, spans
from reseal.access import Access
from reseal.allocator import keep_freed_memory
from reseal.backup.prove import Proof
from reseal.backup.share import Share
from reseal.collector import pass_over_what_is_loaded
from reseal.pacing.valve import Valve
from reseal.settings import log_style
from reseal.sweep.engine import Hands

# Threads of the runner must not be copied, and what every worker imports is imported once.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["reseal.left_to_parent", "reseal.spans"])

# Of processes that have begun.
Counter: TypeAlias = "Synchronized[int]"

Given = ParamSpec("Given")
Made = TypeVar("Made")


class Workers:
    """Run span work in other processes; `stop()` ends it at the next batch boundary."""

    def __init__(self, access: Access, count: int, reading_rest: float = 0.0) -> None:
        self.count = count
        self.why_stopped = ""
        self.valve = Valve(_CONTEXT, count)
        self._stop: Event = _CONTEXT.Event()
        self._pause: Event = _CONTEXT.Event()
        self._pool = ProcessPoolExecutor(
            count,
            mp_context=_CONTEXT,
            initializer=_begin,
            initargs=(
                access,
                self._stop,
                self._pause,
                self.valve,
                reading_rest,
                _CONTEXT.Value("i", 0),
            ),
        )

    def stop(self, why: str = "") -> None:
        """Ask every worker to stop when its batch is committed; say why, unless a person did."""
        if not self.is_stopped:
            self.why_stopped = why
        self._stop.set()

    def pause(self) -> None:
        """Ask every worker to wait when its batch is committed."""
        self._pause.set()

    def go_on(self) -> None:
        """End a pause."""
        self._pause.clear()

    @property
    def is_paused(self) -> bool:
        """Whether someone asked to wait."""
        return self._pause.is_set()

    @property
    def is_stopped(self) -> bool:
        """Whether someone asked to stop."""
        return self._stop.is_set()

    def do(
        self, work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Made]:
        """Have a process do one of the works of `spans`."""
        return self._pool.submit(_working, about.said(), partial(work, *args, **kwargs))

    def restore_backup(
        self, run_id: UUID, field: str, shares: Iterable[Share]
    ) -> list[Future[Proof]]:
        """Restore shares of the backup of a field, and compare each with the table."""
        return [self.do(spans.restore_share, run_id, field, share) for share in shares]

    def close(self) -> None:
        """End the processes once their present work is done."""
        self._pool.shutdown(cancel_futures=True)


def warm_up() -> None:
    """Import what workers need in the process that they will be forked from, beside this one."""
    forkserver.ensure_running()


@contextmanager
def open_workers(access: Access, count: int, reading_rest: float = 0.0) -> Iterator[Workers]:
    """Start workers for the length of the block; see Effort for how long they rest."""
    workers = Workers(access, count, reading_rest)
    try:
        yield workers
    finally:
        workers.close()


def _working(words: dict[str, str], work: Callable[[], Made]) -> Made:
    """Work in another process on what is worked on in this one."""
    with about.about(**words):
        return work()


def _begin(
    access: Access, stop: Event, pause: Event, valve: Valve, reading_rest: float, begun: Counter
) -> None:
    bind_to_parent()
    logs.set_up(log_style(access.variables))
    with begun.get_lock():
        tap = valve.tap(begun.value)
        begun.value += 1
    hands = Hands(
        stop=stop.is_set,
        pause=lambda: pause.is_set() or tap.holds(),
        share=lambda: tap.share,
        told=tap.told,
        reading_rest=reading_rest,
    )
    spans.open_bench(access, hands, tap.busy)
    pass_over_what_is_loaded()
    keep_freed_memory()


def bind_to_parent() -> None:
    """Leave signals to the process that started this one, and end with it."""
    import_module("reseal.left_to_parent")
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    # A killed runner leaves no one to report to. What is being committed is fenced anyway.
    os._exit(1)
