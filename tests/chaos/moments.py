"""When to kill: a moment of a run, chosen by the dice and recognised from outside."""

from dataclasses import dataclass
from enum import IntEnum
from random import Random
from time import monotonic
from typing import LiteralString

import psycopg

from tests.flows.scene import Scene

LATEST = """
SELECT r.run_id,
       EXISTS (SELECT FROM reseal.backup_set AS s WHERE s.run_id = r.run_id),
       EXISTS (SELECT FROM reseal.backup_set AS s WHERE s.run_id = r.run_id AND proven IS NOT NULL),
       (SELECT count(*) FROM reseal.backup AS b WHERE b.run_id = r.run_id),
       (SELECT coalesce(sum(changed), 0)::int FROM reseal.batch AS b WHERE b.run_id = r.run_id),
       ARRAY (SELECT action FROM reseal.event AS e WHERE e.run_id = r.run_id)
FROM reseal.run AS r ORDER BY r.started DESC LIMIT 1
"""

LOOKING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'reseal preflight%'
"""


class Stage(IntEnum):
    """The stages of a run as they can be told apart from outside."""

    START = 0
    PREFLIGHT = 1
    PREPARE = 2
    BACKUP = 3
    ENCRYPT = 4
    VALIDATE = 5
    AFTERWARDS = 6


# How likely a kill falls into a stage, and how long one lasts that shows no progress.
WEIGHTS = {
    Stage.START: 1, Stage.PREFLIGHT: 1, Stage.PREPARE: 2, Stage.BACKUP: 5, Stage.ENCRYPT: 9,
    Stage.VALIDATE: 2, Stage.AFTERWARDS: 2,
}  # fmt: skip
SECONDS = {
    Stage.START: 3.0, Stage.PREFLIGHT: 0.2, Stage.PREPARE: 0.1, Stage.VALIDATE: 2.0,
    Stage.AFTERWARDS: 0.3,
}  # fmt: skip

# What the audit log says when a run has written its rows, and when it knows that it was right.
_SWEPT = frozenset({"sealed", "resealed", "rolled back"})
_JUDGED = frozenset({"validated", "rolled back"})

MODES: tuple[list[str], ...] = (["--safe"], ["--safe"], [], ["--aggressive"])


@dataclass(frozen=True)
class Moment:
    """A stage, how far into it, and the flags of the run that is to be killed then."""

    stage: Stage
    share: float
    flags: list[str]

    def __str__(self) -> str:
        return f"{self.stage.name.lower()} {self.share:.0%}"


def throw(dice: Random) -> Moment:
    """Choose a moment."""
    stage = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    return Moment(stage, dice.random(), dice.choice(MODES))


@dataclass(frozen=True)
class Look:
    """Where a run is, and how many rows it has backed up or sealed in that stage."""

    stage: Stage
    rows: int = 0


class Watch:
    """Follow the run that was started last, from an ordinary connection.

    `rows` is how many the run has to write.
    """

    def __init__(self, scene: Scene, rows: int) -> None:
        self._scene = scene
        self._connection = scene.connect()
        self._rows = max(rows, 1)
        self._earlier = self._latest_run()
        self._stage, self._since = Stage.START, monotonic()

    def is_due(self, moment: Moment) -> bool:
        """Say whether the moment has come, or is past; not while the server is away."""
        try:
            look = self.look()
        except psycopg.OperationalError:
            return False
        if look.stage is not self._stage:
            self._stage, self._since = look.stage, monotonic()
        if look.stage is not moment.stage:
            return look.stage > moment.stage
        if moment.stage in SECONDS:
            return monotonic() - self._since >= moment.share * SECONDS[moment.stage]
        return look.rows >= moment.share * self._rows

    def look(self) -> Look:
        """Tell where the run is."""
        row = self._latest()
        if row is None or row[0] == self._earlier:
            is_looking = self._one(LOOKING) != (0,)
            return Look(Stage.PREFLIGHT if is_looking else Stage.START)
        _, is_begun, is_proven, backed_up, sealed, actions = row
        if not _SWEPT.isdisjoint(actions):
            is_last = not _JUDGED.isdisjoint(actions)
            return Look(Stage.AFTERWARDS if is_last else Stage.VALIDATE, sealed)
        if is_proven or sealed:
            return Look(Stage.ENCRYPT, sealed)
        return Look(Stage.BACKUP, backed_up) if is_begun else Look(Stage.PREPARE)

    def _latest(self) -> tuple | None:
        try:
            return self._one(LATEST)
        except psycopg.errors.UndefinedTable:
            # The first run has not come that far.
            return None

    def _one(self, query: LiteralString) -> tuple | None:
        if self._connection.closed:
            self._connection = self._scene.connect()
        return self._connection.execute(query).fetchone()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _latest_run(self) -> object:
        row = self._latest()
        return row and row[0]
