"""The verbs that the tests of a key's life are written in; time is moved in the database."""

from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql

from reseal.audit.verify import verify_log
from reseal.key_policy import KeyPolicy
from reseal.keyring import Keyring, KeyState
from reseal.keys import Answer, Keys
from reseal.retirement import Wish
from reseal.rotation import Wait
from reseal.store import reader
from reseal.store.data_key import unwrapped
from reseal.store.reader import Reader
from reseal.sweep.turn import Turn
from tests.reseal.scene import SEED, Scene

# Whatever tells when something was, outside of the audit log, which nobody may edit.
TIMES = {
    "data_key": (
        "created", "activated", "retired", "disabled", "destroyed", "compromised", "expires",
    ),
    "reader": ("seen",),
    "key_use": ("last_opened", "last_sealed"),
    "key_census": ("taken",),
    "batch": ("written",),
    "backup_set": ("created", "expires"),
}  # fmt: skip

EVERYTHING = "SELECT array_agg(k::text ORDER BY version) FROM reseal.data_key AS k"
# But that the first one was made, and what applications have told.
ACTIONS = """
SELECT action FROM reseal.event
WHERE action NOT IN ('key made', 'plaintext policy changed') ORDER BY event_id
"""
NO_BACKUPS = KeyPolicy(base_backups_kept_days=0)


class Clock:
    """A clock that only a sleep moves; `at` says what happens at which second."""

    def __init__(self, **at):
        self.now, self.at = 0.0, {int(name[1:]): work for name, work in at.items()}

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.at.pop(round(self.now), lambda: None)()


def waiting(clock: Clock | None = None, *, assumed: bool = False) -> Wait:
    """How a command waits for readers, on a clock of the test's own."""
    clock = clock or Clock()
    return Wait(clock.sleep, clock, assumed=assumed)


def let_pass(connection: psycopg.Connection, **time: float) -> None:
    """Let it be as if so much time had passed: `days`, `mins` or `secs`."""
    (unit, amount), *_ = time.items()
    for table, columns in TIMES.items():
        moved = sql.SQL("{0} = {0} - make_interval({1} => {2})")
        spelled = [
            moved.format(sql.Identifier(column), sql.SQL(unit), sql.Literal(amount))
            for column in columns
        ]
        connection.execute(
            sql.SQL("UPDATE reseal.{} SET {}").format(
                sql.Identifier(table), sql.SQL(", ").join(spelled)
            )
        )


@dataclass
class KeyScene:
    """A scene, and what a person does to its keys."""

    scene: Scene
    policy: KeyPolicy = field(default=NO_BACKUPS)

    @property
    def admin(self) -> psycopg.Connection:
        return self.scene.admin

    @property
    def keys(self) -> Keys:
        access = self.scene.access
        config = replace(access.config, keys=self.policy)
        return Keys(replace(access, config=config), self.scene.store, "ada")

    @property
    def states(self) -> dict[int, str]:
        rows = self.admin.execute("SELECT version, state FROM reseal.data_key ORDER BY 1")
        return dict(rows.fetchall())

    @property
    def everything(self) -> Any:
        """All that is stored of the keys."""
        return self.admin.execute(EVERYTHING).fetchone()

    @property
    def actions(self) -> list[str]:
        """What the audit log says was done, after it was found unbroken."""
        assert verify_log(self.scene.store).holds
        return [action for (action,) in self.admin.execute(ACTIONS)]

    def detail(self) -> dict[str, Any]:
        """What the audit log says of the last event."""
        last = "SELECT detail FROM reseal.event ORDER BY event_id DESC LIMIT 1"
        (detail,) = self.admin.execute(last).fetchone() or ({},)
        return dict(detail)

    def keyring_of(self, version: int) -> Keyring:
        """What a process seals with that loaded the keys when this one was active."""
        row = self.admin.execute(
            "SELECT wrapped, check_value FROM reseal.data_key WHERE version = %s", [version]
        ).fetchone()
        assert row
        return Keyring([unwrapped(self.scene.access.kek(), version, KeyState.ACTIVE, *row)])

    def next_key(self) -> int:
        """Stage a key and let it take over, with no application alive."""
        self.admin.execute("DELETE FROM reseal.reader")
        version, _ = self.keys.stage()
        self.keys.activate(version, waiting(assumed=True))
        return version

    def rotates(self) -> int:
        """Let the next key take over and reseal every row."""
        version = self.next_key()
        self.scene = self.scene.again()
        while not self.scene.sweep_heaps(Turn.RESEAL).converged:
            pass
        return version

    def beats(self, instance: str = "app/1", active: int | None = None, *, seals=True) -> None:
        """Let an application report that it opens all that is loaded."""
        opens = dict(self.scene.keyring.check_values)
        self.scene.store.run(reader.telling(Reader(instance, opens, seals, "allow", active)))

    def opens(self, version: int, *, days_ago: float = 0, instance: str = "app/1") -> None:
        """Let an application have told of an open under a key version."""
        self.admin.execute(
            """INSERT INTO reseal.key_use (version, opens, last_opened, last_opened_by)
               VALUES (%s, 1, clock_timestamp() - make_interval(days => %s), %s)""",
            [version, days_ago, instance],
        )

    def is_spare(self) -> None:
        """Replace key 1 by key 2, and let everything be so that key 1 may be disabled."""
        self.scene.enrol(SEED, None, SEED)
        self.scene.sweep()
        self.rotates()
        self.keys.count_and_record()
        self.passes(days=8)

    def is_disabled(self) -> None:
        """The same, and key 1 was disabled long enough ago to be destroyed."""
        self.is_spare()
        assert self.asks(KeyState.DISABLED).done
        self.passes(days=8)

    def passes(self, **time: float) -> None:
        """Let time pass, at the end of which one application is alive and needs no old key."""
        let_pass(self.admin, **time)
        self.beats(active=max(self.states))

    def asks(self, then: KeyState, version: int = 1, approved_by: str = "Ada", **words) -> Answer:
        """Ask for a key to become disabled or destroyed."""
        return self.keys.remove(Wish(version, then, approved_by, **words))
