"""The verbs that the tests of the sweep, the backup and the rollback are written in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from reseal.access import Access
from reseal.backup import take
from reseal.backup.cipher import BackupCipher
from reseal.backup.prove import Proof, prove
from reseal.census import Census, take_census
from reseal.config import parse_config
from reseal.envelope import Envelope
from reseal.judge import Facts
from reseal.keyring import DataKey, Keyring, KeyState
from reseal.original import Original
from reseal.restore import Restoration
from reseal.shape import Shape
from reseal.store import data_key, ledger
from reseal.store.catalog import Target
from reseal.store.control import hold
from reseal.store.quarantine import Record, records
from reseal.store.store import Store
from reseal.sweep.engine import Hands, sweep
from reseal.sweep.job import Assignment, Job
from reseal.sweep.pace import Pace
from reseal.sweep.plan import plan
from reseal.sweep.settle import Plan
from reseal.sweep.span import Span, whole
from reseal.sweep.tally import Tally, total
from reseal.sweep.turn import Turn
from reseal.verify import verify
from tests.conftest import USERS_FIELD

SEED = "JBSWY3DPEHPK3PXP"
PACE = Pace(1000, target=1.0, rest=0.0)


@dataclass
class Scene:
    """One field of one database, and one run at work on it."""

    access: Access
    store: Store
    admin: psycopg.Connection
    run_id: UUID = field(default_factory=uuid4)
    waits: list[float] = field(default_factory=list)

    def described(self, **words: Any) -> "Scene":
        """The same database under another description of the field."""
        config = parse_config({"field": [USERS_FIELD | words]})
        return replace(self, access=replace(self.access, config=config))

    def table(self, columns: str, rows: list[tuple], **words: Any) -> "Scene":
        """A table `t` of these columns, the last of them the secret, with these rows."""
        self.admin.execute(f"CREATE TABLE t ({columns})".encode())
        with self.admin.cursor().copy("COPY t FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return self.described(**{"table": "t"} | words)

    def again(self) -> "Scene":
        """A new run on the same field."""
        return replace(self, run_id=uuid4(), waits=[])

    @property
    def name(self) -> str:
        return self.access.config.fields[0].name

    @property
    def target(self) -> Target:
        return self.access.target(self.store, self.name)

    @property
    def keyring(self) -> Keyring:
        return self.access.keyring(self.store)

    @property
    def whole(self) -> Span:
        return Span(0, self.target.pages)

    def sweep_heaps(self, turn: Turn = Turn.SEAL, make: Plan = plan) -> Tally:
        """Sweep every heap of the table once."""
        with self.job(turn) as job:
            hands = Hands(sleep=self.waits.append)
            return total(sweep(job, make, span, PACE, hands).tally for span in whole(self.target))

    def texts(self) -> dict[Any, str | None]:
        """The column of the table `t` as text, by its first column."""
        column = sql.Identifier(self.access.config.fields[0].column)
        query = sql.SQL("SELECT t.*, {}::text FROM t ORDER BY 1").format(column)
        return {row[0]: row[-1] for row in self.admin.execute(query)}

    def enrol(self, *secrets: str | None) -> list[int]:
        """Insert users with these secrets; return their ids."""
        statement = """
            INSERT INTO users (email, mfa_secret) VALUES (gen_random_uuid()::text, %s) RETURNING id
        """
        return [self.admin.execute(statement, [s]).fetchone()[0] for s in secrets]  # type: ignore[index]

    def put(self, row: int, secret: str | None) -> None:
        """Let the application write a user's secret."""
        self.admin.execute("UPDATE users SET mfa_secret = %s WHERE id = %s", [secret, row])

    def stored(self) -> dict[Any, str | None]:
        """What stands in the column, by row key."""
        target = self.target
        rows = self.admin.execute(
            sql.SQL("SELECT {}, {} FROM {} AS t").format(
                target.key_values,
                target.secret,
                target.table,
            )
        )
        return {key[0] if len(key) == 1 else tuple(key): text for *key, text in rows}

    def opened(self) -> dict[Any, str | None]:
        """The same with every envelope opened at its place."""
        keyring, described = self.keyring, self.target.field
        opened = {}
        for key, text in self.stored().items():
            parts = key if isinstance(key, tuple) else (key,)
            opened[key] = (
                keyring.open(described.place(parts), Envelope.parse(text)).reveal()
                if described.shape(text) is Shape.SEALED and text
                else text
            )
        return opened

    def census(self) -> Census:
        return take_census(self.store, self.target)

    def quarantine(self) -> dict[tuple[str, ...], str]:
        """The rows that this run set aside, with the reason."""
        return {row.key: row.reason for row in self.records() if row.run_id == self.run_id}

    def records(self) -> list[Record]:
        """Every quarantined row, whichever run set it aside."""
        return records(self.store, self.name)

    def left_alone(self) -> dict[tuple[str, ...], str]:
        """The rows that this rollback did not touch, with the reason."""
        rows = ledger.left_alone(self.store, self.run_id, self.name)
        return {tuple(row["key"]): row["reason"] for row in rows}

    @contextmanager
    def job(
        self, turn: Turn = Turn.SEAL, connect: Callable[[], Store] | None = None
    ) -> Iterator[Job]:
        """Hold the field and open a job on it."""
        with hold(self.store, self.name, self.run_id) as epoch:
            job = self.access.job(Assignment(self.run_id, self.name, turn, epoch))
            if connect:
                job.connect = connect
                job.reconnect()
            try:
                yield job
            finally:
                job.store.close()

    def sweep(
        self, turn: Turn = Turn.SEAL, make: Plan = plan, connect: Callable[[], Store] | None = None,
        pace: Pace = PACE, hands: Hands | None = None,
    ) -> Tally:  # fmt: skip
        """Sweep the whole table once."""
        with self.job(turn, connect) as job:
            hands = hands or Hands(sleep=self.waits.append)
            return sweep(job, make, self.whole, pace, hands).tally

    def activate_next_key(self) -> int:
        """Insert a second data key as active, after retiring the first."""
        self.admin.execute("UPDATE reseal.data_key SET state = 'retiring' WHERE state = 'active'")
        version = self.keyring_versions()[-1] + 1
        key = DataKey.fresh(version, KeyState.ACTIVE)
        data_key._add(self.store, self.access.kek(), key, "test")
        return version

    def keyring_versions(self) -> list[int]:
        rows = self.admin.execute("SELECT version FROM reseal.data_key ORDER BY version")
        return [version for (version,) in rows]

    def back_up(self) -> int:
        """Take a backup of the whole table for this run."""
        take.begin(self.store, self.run_id, self.name, self.access.backup_kek())
        covered = take.need_coverage(self.store, self.run_id, self.name, self.access.backup_kek())
        return take.take(self.store, self.target, covered, self.whole)

    def take_backup(self) -> int:
        """Take a backup of every heap for this run."""
        take.begin(self.store, self.run_id, self.name, self.access.backup_kek())
        covered = take.need_coverage(self.store, self.run_id, self.name, self.access.backup_kek())
        spans = whole(self.target)
        return sum(take.take(self.store, self.target, covered, span) for span in spans)

    def prove(self) -> Proof:
        return prove(self.store, self.target, self.backup())

    def backup(self) -> BackupCipher:
        return take.cipher(self.store, self.run_id, self.name, self.access.backup_kek())

    def originals(self) -> dict[tuple[str, ...], str]:
        """Every original that the backup gives back."""
        statement = "SELECT row_key, sealed FROM reseal.backup WHERE run_id = %s AND field = %s"
        rows = self.admin.execute(statement, [self.run_id, self.name])
        cipher = self.backup()
        return {tuple(key): cipher.open(key, sealed).reveal() for key, sealed in rows}

    def original(self) -> Original:
        """What a verification compares with."""
        written = ledger.written_xids(self.store, self.run_id, self.name)
        return Original(self.run_id, self.backup(), written)

    def facts(self, original: Original | None = None) -> Facts:
        return verify(self.store, self.target, self.keyring, original, self.whole).facts

    def roll_back(self, run: "Scene", *, unseal_newer: bool = False) -> Tally:
        """Undo another run of the same field."""
        restoration = Restoration.of(self.store, run.backup(), unseal_newer=unseal_newer)
        return self.sweep(Turn.UNSEAL, restoration.plan)
