"""The stages of the commands, called one after the other in this process.

The command line does the same behind Prefect and with Great Expectations, which takes seconds for
each field; a choice of the tables goes that way as well.
"""

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from time import time
from typing import Any
from uuid import UUID, uuid4

import psycopg

from reseal import guard, prepare, shield
from reseal.access import Access
from reseal.backup import take
from reseal.backup.prove import prove
from reseal.census import take_census
from reseal.clean.clean import clean, look_up
from reseal.clean.work import Work
from reseal.errors import StoreError
from reseal.judge import GOOD
from reseal.modes import Mode
from reseal.optimise.stage import optimise
from reseal.preflight import PreflightPlan, run_preflight
from reseal.preflight.check import Report
from reseal.probes import probe
from reseal.restore import Restoration, record_gone
from reseal.store import data_key, ledger, quarantine, schema
from reseal.store.control import hold
from reseal.store.store import Store
from reseal.sweep.engine import Hands, sweep
from reseal.sweep.job import Assignment
from reseal.sweep.pace import Pace
from reseal.sweep.plan import plan
from reseal.sweep.settle import Plan
from reseal.sweep.span import whole
from reseal.sweep.tally import Tally
from reseal.sweep.turn import Turn
from reseal.verify import verify
from tests.schemas.journey import Journey, Part, Parts
from tests.schemas.write_back import WriteBack

PACE = Pace(1000, target=1.0, rest=0.0)
MOST_PASSES = 4


@dataclass
class Library:
    """The library on one database; each verb is a command and returns what it says of a field."""

    access: Access
    store: Store
    application: psycopg.Connection
    broken: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The fields of reseal.toml."""
        return [one.name for one in self.access.config.fields]

    def check(self) -> Report:
        """Ask every question of preflight."""
        return run_preflight(self.access, self.access.config.fields, PreflightPlan(Mode.STANDARD))

    def encrypt(self) -> tuple[UUID, Parts]:
        """Seal everything, as `reseal encrypt --guard` does."""
        schema.migrate(self.store)
        data_key.ensure_active(self.store, self.access.kek(), "test")
        run_id = self._start("encrypt_secrets")
        parts = {name: self._encrypt(run_id, name) for name in self.names}
        self._clean(run_id)
        return run_id, parts

    def rotate(self) -> Parts:
        """Seal everything again under a new key, as `reseal rotate` does."""
        version = data_key.ensure_staged(self.store, self.access.kek(), "test")
        data_key.activate(self.store, version)
        run_id = self._start("rotate_keys")
        return {name: self._swept(run_id, name, Turn.RESEAL, plan) for name in self.names}

    def verify(self) -> Parts:
        """Open everything."""
        for name in self.names:
            self._judge(name, None)
        return {name: self._part(name) for name in self.names}

    def roll_back(self, run_id: UUID) -> Parts:
        """Put the originals back, as `reseal rollback RUN --unseal-newer` does."""
        mine = self._start("rollback_run")
        return {name: self._restore(mine, run_id, name) for name in self.names}

    def _start(self, flow: str) -> UUID:
        record = ledger.RunRecord(uuid4(), flow, Mode.STANDARD, tuple(self.names), None)
        ledger.start(self.store, record, "test")
        return record.run_id

    def _encrypt(self, run_id: UUID, name: str) -> Part:
        prepare.prepare(self.store, self.access.target(self.store, name))
        target = self.access.target(self.store, name)
        shield.raise_shield(self.store, target)
        stale = WriteBack(self.application, target)
        stale.read()
        self._back_up(run_id, name)
        part = self._swept(run_id, name, Turn.SEAL, plan)
        if came_through := stale.came_through():
            self.broken.append(f"{name}: {came_through} values were written back as they had been")
        self._judge(name, run_id)
        target = self.access.target(self.store, name)
        census = take_census(self.store, target)
        if guard.why_not(self.store, target, census, forced=True) is None:
            # A run goes on without it.
            with suppress(StoreError):
                guard.raise_guard(self.store, target)
        optimise(self.store, target)
        return part

    def _clean(self, run_id: UUID) -> None:
        with ExitStack() as stack:
            epochs = {n: stack.enter_context(hold(self.store, n, run_id)) for n in self.names}
            targets = [self.access.target(self.store, name) for name in self.names]
            work = Work(self.store, targets, epochs, self.access.config.clean, PACE)
            replaced = sum(ledger.sealed_rows(self.store, run_id, name) for name in self.names)
            old = look_up(self.access, work)
            clean(self.access, work, old, replaced, partial(datetime.now, UTC))

    def _back_up(self, run_id: UUID, name: str) -> None:
        kek = self.access.backup_kek()
        take.begin(self.store, run_id, name, kek)
        covered = take.need_coverage(self.store, run_id, name, kek)
        target = self.access.target(self.store, name)
        for span in whole(target):
            take.take(self.store, target, covered, span)
        prove(self.store, target, covered.cipher)

    def _swept(self, run_id: UUID, name: str, turn: Turn, make: Plan) -> Part:
        with hold(self.store, name, run_id) as epoch:
            last = self._converge(Assignment(run_id, name, turn, epoch), make)
        aside = quarantine.listed(self.store, run_id, name)
        return self._part(name) | {"quarantined": last.quarantined, "rows_set_aside": aside}

    def _converge(self, assignment: Assignment, make: Plan) -> Tally:
        for _ in range(MOST_PASSES):
            job = self.access.job(assignment)
            try:
                last = Tally()
                for span in whole(job.target):
                    last += sweep(job, make, span, PACE, Hands()).tally
            finally:
                job.store.close()
            if last.converged:
                return last
        raise AssertionError(f"{assignment.field} comes to no end: {last}")

    def _judge(self, name: str, run_id: UUID | None) -> None:
        target = self.access.target(self.store, name)
        keyring = self.access.keyring(self.store)
        original = self.access.original(self.store, run_id, name) if run_id else None
        for span in whole(target):
            seen = verify(self.store, target, keyring, original, span)
            self.broken += [f"{name}: {fact}" for fact in seen.facts if fact.verdict not in GOOD]
        probes = probe(self.store, target, keyring, original, time()).results
        self.broken += [f"{name}: not true: {said}" for said, is_so in probes.items() if not is_so]

    def _restore(self, mine: UUID, run_id: UUID, name: str) -> Part:
        target = self.access.target(self.store, name)
        guard.drop_guard(self.store, target)
        shield.drop_shield(self.store, target)
        backup = take.cipher(self.store, run_id, name, self.access.backup_kek())
        restoration = Restoration.of(self.store, backup, unseal_newer=True)
        self._swept(mine, name, Turn.UNSEAL, restoration.plan)
        record_gone(self.store, self.access.target(self.store, name), run_id, mine)
        restored = ledger.unsealed_rows(self.store, mine, name)
        left = ledger.left_alone(self.store, mine, name)
        return self._part(name) | {"restored": restored, "rows_set_aside": left}

    def _part(self, name: str) -> dict[str, Any]:
        target = self.access.target(self.store, name)
        return {"after": take_census(self.store, target).as_dict()}


def lead(journey: Journey) -> Journey:
    """Lead all tables through every command, with a look after each."""
    with journey.scene.library() as (access, store), journey.scene.connect() as application:
        library = Library(access, store, application)
        report = library.check()
        assert report.refused == []
        journey.warned = {
            (check.field or "", check.name) for check in report.checks if check.verdict == "warn"
        }
        journey.enter("check", {name: part.as_dict() for name, part in report.fields.items()})
        run_id, parts = library.encrypt()
        journey.enter("encrypt", parts)
        journey.enter("rotate", library.rotate())
        journey.enter("verify", library.verify())
        journey.enter("rollback", library.roll_back(run_id))
        assert library.broken == [], library.broken
    return journey
