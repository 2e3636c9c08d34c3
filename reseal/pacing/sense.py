"""Feel the server: ask for every signal when it is due, and remember what was told, and when."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from reseal.access import Access
from reseal.errors import ConnectionLost, ResealError, StoreError, Transient
from reseal.pacing.canary import Canary
from reseal.pacing.cores import cores_of
from reseal.pacing.limits import Bounds
from reseal.pacing.signal import Reading, Signal
from reseal.pacing.sources import SOURCES, Server, Source
from reseal.pacing.written_log import WrittenLog
from reseal.store.store import Store

# So many looks make one value of what goes up and down by itself.
_SMOOTHED = {Signal.LOGIN: 5, Signal.ACTIVE: 5}
# The baseline: so many logins, and not for longer.
_USUAL_LOGINS, _USUAL_SECONDS = 15, 1.0
# A login query that takes longer is not asked three times a second.
_MOST_ASKED_MS = 20.0

# A lost beat of the row that says how the run fares costs nothing.
BRIEFLY = "SET statement_timeout = '5s'; SET synchronous_commit = off"

# A slot that falls behind so far loses what it keeps; half of that is a budget.
KEPT = """
SELECT nullif(setting::float8, -1) / 2 FROM pg_settings WHERE name = 'max_slot_wal_keep_size'
"""


class Session(NamedTuple):
    """An open connection, and who is asked what over it."""

    store: Store
    canary: Canary
    server: Server


@dataclass
class Sense:
    """What is known of the server; it connects at the first look, and again after a loss.

    `missing` says of each signal that this server cannot give why not. All others count as unknown
    for as long as they have not been told. `is_by_key` where a login is asked for by its key.
    """

    access: Access
    names: Sequence[str]
    run_id: str
    bounds: Bounds
    clock: Callable[[], float]
    sources: tuple[Source, ...] = SOURCES
    missing: dict[Signal, str] = field(default_factory=dict)
    usual_ms: float | None = None
    login_ms: float | None = None
    is_by_key: bool = False
    _began: float = 0.0
    _written: WrittenLog = field(default_factory=WrittenLog)
    _standbys: int = 0
    _told: dict[Signal, tuple[deque[float], float]] = field(default_factory=dict)
    _asked: dict[int, float] = field(default_factory=dict)
    _session: Session | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def begin(self) -> None:
        """Learn what a login usually takes, before anything is written; it is kept for good."""
        self._learn()
        if self.usual_ms is None or self.usual_ms > _MOST_ASKED_MS:
            # Asked so often, it would be a burden itself.
            self.is_by_key = True
            if self._session:
                by_key = Canary.by_key(self._session.canary.target)
                self._session = self._session._replace(canary=by_key)
            self._learn()
        said = self.access.config.pace.limits
        self.bounds = self.bounds.with_login(self.usual_ms, said)

    def _learn(self) -> None:
        with suppress(Exception):
            session = self._opened()
            self.usual_ms = session.canary.usual(
                session.store, _USUAL_LOGINS, until=self.clock() + _USUAL_SECONDS, clock=self.clock
            )

    def look(self) -> None:
        """Ask for whatever is due; what cannot be told now grows older."""
        try:
            session, at = self._opened(), self.clock()
            self._login(session)
            for number, source in enumerate(self.sources):
                if at - self._asked.get(number, -source.every) >= source.every:
                    self._ask(source, session.server)
                    self._asked[number] = at
        except Exception:
            # Whatever it is, the next look connects anew.
            self.close()

    @property
    def store(self) -> Store | None:
        """The open connection, if there is one."""
        return self._session.store if self._session else None

    @property
    def lag_bytes(self) -> int | None:
        """How many bytes a standby is behind."""
        return self._session.server.lag_bytes if self._session else None

    def readings(self) -> tuple[Reading, ...]:
        """Return what is known, and how old it is."""
        now = self.clock()
        return tuple(
            self._reading(signal, limit, now)
            for signal, limit in self.bounds.limits.items()
            if signal in self._told or signal not in self.missing
        )

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._session is not None:
            # A standby that was there before is looked for after a loss, too.
            self._standbys = self._session.server.standbys
            with suppress(Exception):
                self._session.store.close()
        self._session, self.login_ms = None, None

    def _reading(self, signal: Signal, limit: float, now: float) -> Reading:
        values, at = self._told.get(signal, ((0.0,), self._began))
        return Reading(signal, float(median(values)), limit, max(0.0, now - at))

    def _login(self, session: Session) -> None:
        took = session.canary.ask(session.store)
        self.login_ms = took
        if took is not None:
            self._keep(Signal.LOGIN, took)
        elif Signal.LOGIN in self._told:
            # There is no row to ask for, as in a table that was emptied, and nothing to wait for.
            self._keep(Signal.LOGIN, 0.0)
        else:
            self.missing[Signal.LOGIN] = "there is no row to ask for"

    def _ask(self, source: Source, server: Server) -> None:
        try:
            told = source.ask(server, self.clock())
        except (ConnectionLost, Transient):
            raise
        except StoreError as error:
            told = dict.fromkeys(source.signals, str(error))
        for signal, value in told.items():
            if isinstance(value, str):
                self._miss(signal, value)
            else:
                self._keep(signal, value)

    def _miss(self, signal: Signal, why: str) -> None:
        # Of what was told before, not to be told any more is no excuse.
        if signal not in self._told:
            self.missing[signal] = why

    def _keep(self, signal: Signal, value: float) -> None:
        values, _ = self._told.get(signal, (deque[float](maxlen=_SMOOTHED.get(signal, 1)), 0.0))
        values.append(value)
        self._told[signal] = values, self.clock()
        self.missing.pop(signal, None)

    def _opened(self) -> Session:
        if self._session is None:
            store = self.access.store(f"samples {self.run_id}")
            try:
                self._session = self._open(store)
            except ResealError:
                store.close()
                raise
        return self._session

    def _open(self, store: Store) -> Session:
        store.execute(BRIEFLY)
        targets = [self.access.target(store, name) for name in self.names]
        tables = sorted({oid for target in targets for oid in target.oids})
        cores = self.access.config.pace.server_cores or cores_of(store)
        ours = f"reseal % {self.run_id}"
        server = Server(store, ours, tables, cores, self._written, standbys=self._standbys)
        self._tighten(store)
        asked = targets[0]
        canary = Canary.by_key(asked) if self.is_by_key else Canary.of(store, asked)
        return Session(store, canary, server)

    def _tighten(self, store: Store) -> None:
        row = store.one(KEPT)
        if row and row[0] and Signal.RETAINED not in self.access.config.pace.limits:
            least = min(self.bounds.limits[Signal.RETAINED], row[0])
            self.bounds = self.bounds.within({Signal.RETAINED: least})
