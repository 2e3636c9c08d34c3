"""Pace a run: look several times a second, decide, let through what is allowed, and tell of it.

A thread of the runner does it with a connection of its own. What cannot be known any more makes the
run wait, and then stop.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any
from uuid import UUID

from reseal.decision import Decision, now
from reseal.pacing import words
from reseal.pacing.decide import Action, Plan, Seen, Why, decide
from reseal.pacing.eta import Progress
from reseal.pacing.policy import PacePolicy
from reseal.pacing.samples import Samples
from reseal.pacing.sense import Sense
from reseal.store import pace
from reseal.store.control import Request
from reseal.unexpected import scrubbed
from reseal.workers import Workers

_EVERY_SECONDS = 0.3
_TOLD_EVERY_SECONDS = 2.0
# A statement that is under way when the run ends is not waited for longer than this.
_PATIENCE_SECONDS = 2.0
# Of a server that goes up and down all night.
_MOST_DECISIONS = 200


@dataclass
class Pacer:
    """Pace the workers of a run; `tell` is told of each decision that changes something."""

    run_id: UUID
    sense: Sense
    workers: Workers
    policy: PacePolicy
    progress: Progress
    samples: Samples
    tell: Callable[[Decision], None]
    clock: Callable[[], float] = monotonic
    calendar: Callable[[], datetime] = now
    plan: Plan = field(default_factory=Plan)
    left_out: int = 0
    _decided: int = 0
    _kind: words.Kind = words.FULL
    _since: datetime | None = None
    _told_at: float = float("-inf")
    _is_late: bool = False
    _over: Event = field(default_factory=Event)
    _looking: Lock = field(default_factory=Lock)

    def run(self) -> None:
        """Look until told to stop."""
        while not self._over.wait(_EVERY_SECONDS):
            with self._looking:
                if not self._over.is_set():
                    self._look()
        with suppress(Exception):
            self._forget()
        self.sense.close()

    def _look(self) -> None:
        try:
            self.look()
        except Exception as error:
            # A run that nobody paces does not go on.
            self.workers.stop(f"the pace could not be told: {scrubbed(error)}")

    def look(self) -> None:
        """Look once and do what is decided."""
        self.sense.look()
        at, before = self.calendar(), self.plan
        self.plan = decide(before, self._seen(at), self.sense.bounds)
        self._do(before, at)
        self.progress.mark(self.clock(), self.workers.valve.rows_done)
        share = 0.0 if self.plan.action is Action.PAUSE else self.plan.share
        self.samples.add(at, self.sense.login_ms, self.sense.lag_bytes, share)
        self._write(at, is_news=self.plan.cause != before.cause)

    def stop(self) -> None:
        """Stop; the file of samples is as it will be from now on."""
        self._over.set()
        if self._looking.acquire(timeout=_PATIENCE_SECONDS):
            self._looking.release()

    def said(self, at: datetime) -> dict[str, Any]:
        """Return how the run fares: what it does, why, since when, and until when."""
        plan, progress = self.plan, self.progress
        because = plan.because
        return {
            "action": plan.action,
            "why": words.reason(plan, at, self.policy.window),
            "share": round(plan.share, 3),
            "signal": because and because.signal,
            "value": because and because.value,
            "limit": because and because.limit,
            "since": (self._since or at).isoformat(),
            "stage": progress.stage,
            "field": progress.field,
            "done": progress.done,
            "total": progress.total,
            "eta": self._eta(at),
            "done_by": self.policy.done_by and self.policy.done_by.isoformat(),
            "is_late": self._is_late,
        }

    def facts(self) -> dict[str, Any]:
        """Return what the run was measured by, for the evidence."""
        policy, sense = self.policy, self.sense
        told = {reading.signal for reading in sense.readings()}
        return {
            "limits": {one: limit for one, limit in sense.bounds.limits.items() if one in told},
            "not_measured": dict(sense.missing),
            "usual_login_ms": sense.usual_ms and round(sense.usual_ms, 3),
            "login_asked_by": "key" if sense.is_by_key else "login query",
            "only_between": policy.window and str(policy.window),
            "done_by": policy.done_by and policy.done_by.isoformat(),
            "decisions_left_out": self.left_out,
        }

    def _seen(self, at: datetime) -> Seen:
        window = self.policy.window
        return Seen(
            self.clock(),
            self.sense.readings(),
            self._asked(),
            is_open=window is None or window.is_open(at),
            is_awaited=self.workers.valve.is_awaited,
        )

    def _asked(self) -> Request | None:
        if self.workers.is_stopped:
            return Request.STOP
        return Request.PAUSE if self.workers.is_paused else None

    def _do(self, before: Plan, at: datetime) -> None:
        plan = self.plan
        self.workers.valve.set(plan)
        if plan.cause != before.cause:
            self._since = at
        # A person who said stop was heard already.
        if plan.action is Action.STOP and plan.why is not Why.PERSON:
            self.workers.stop(words.stopped(plan, at, self.policy.window))
        kind = words.kind(plan, self._kind)
        if kind != self._kind:
            self._kind = kind
            self._tell(words.decision(kind, plan, at, self.policy.window))

    def _tell(self, decision: Decision) -> None:
        if self._decided < _MOST_DECISIONS or decision.action == Action.STOP:
            self.tell(decision)
        else:
            self.left_out += 1
        self._decided += 1

    def _eta(self, at: datetime) -> dict[str, Any] | None:
        eta = self.progress.eta(self.clock())
        if eta is None:
            return None
        of = f"{self.progress.stage} {self.progress.field}"
        done_by = self.policy.done_by
        spelled = words.spelled(eta, of, at)
        if done_by and not self._is_late:
            latest = None if eta.latest is None else at + timedelta(seconds=eta.latest)
            if latest is None or latest > done_by:
                self._is_late = True
                self._tell(Decision(at, words.late(spelled, done_by), "warn"))
        return spelled

    def _write(self, at: datetime, *, is_news: bool) -> None:
        moment, store = self.clock(), self.sense.store
        if store is None or not (is_news or moment - self._told_at >= _TOLD_EVERY_SECONDS):
            return
        self._told_at = moment
        try:
            pace.tell(store, self.run_id, self.said(at))
        except Exception:
            self.sense.close()

    def _forget(self) -> None:
        if self.sense.store is not None:
            pace.forget(self.sense.store, self.run_id)


@contextmanager
def pacing(pacer: Pacer) -> Iterator[None]:
    """Pace for the length of the block; what is usual is learnt before it begins."""
    pacer.sense.begin()
    # Nobody waits for it: it ends with its process, however that ends.
    thread = Thread(target=pacer.run, name="pacing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        pacer.stop()
        thread.join(_PATIENCE_SECONDS)
