"""One round of a campaign: a command that is started, disturbed, and comes to its end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from subprocess import TimeoutExpired

import psutil  # type: ignore[import-untyped]

from tests.chaos.application import Application
from tests.chaos.moments import MODES, Moment, Watch
from tests.chaos.runner import kill, wait_for
from tests.chaos.server import OwnServer
from tests.chaos.space import Space
from tests.flows.conftest import Ended
from tests.flows.forked import Started
from tests.flows.scene import Scene

PLAIN = "SELECT count(*) FROM users WHERE mfa_secret <> '' AND NOT starts_with(mfa_secret, 'eyJr')"

SEALED = "SELECT count(*) FROM users WHERE starts_with(mfa_secret, 'eyJr')"

# The last run of which there is something to undo, if no key was changed since.
UNDOABLE = """
SELECT run_id::text FROM reseal.run AS r JOIN reseal.backup_set USING (run_id)
WHERE flow = 'encrypt_secrets' AND proven IS NOT NULL AND outcome IS DISTINCT FROM 'rolled_back'
  AND (SELECT sum(changed) FROM reseal.batch AS b WHERE b.run_id = r.run_id) > %s
  AND NOT EXISTS (SELECT FROM reseal.run AS later
                  WHERE later.started > r.started AND later.flow <> 'rollback_run')
"""

# The sessions of the runs that are under way.
SESSIONS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND starts_with(application_name, 'reseal run') ORDER BY pid
"""

_SECONDS_TO_END = 240
_LEFT_TO_UNDO = 0.2


class Command(StrEnum):
    """What is attacked: each turns the rows in another way."""

    ENCRYPT = "encrypt"
    ROTATE = "rotate"
    ROLLBACK = "rollback"


@dataclass(frozen=True)
class Ground:
    """Where a campaign is fought; without `space` no disk can be filled."""

    scene: Scene
    server: OwnServer
    application: Application
    space: Space | None
    rows: int


@dataclass
class Round:
    """A command on its ground, the `nth` of its kind of fault; `wrong` says what must not be."""

    ground: Ground
    number: int
    nth: int
    command: Command
    dice: Random
    mode: list[str] | None = None
    process: Started | None = None
    ended: Ended | None = None
    wrong: list[str] = field(default_factory=list)
    survivors: int = 0
    said: str = ""

    @property
    def scene(self) -> Scene:
        return self.ground.scene

    @property
    def has_records(self) -> bool:
        """Whether a run has been there before."""
        return bool(self.scene.ask("SELECT to_regclass('reseal.backup_set') IS NOT NULL"))

    def start(self, **environment: str) -> None:
        """Start the command, in a mode that the dice choose where `mode` has none."""
        words = self.words()
        due = self.scene.ask(PLAIN if self.command is Command.ENCRYPT else SEALED)
        self._watch = Watch(self.scene, due)
        self.process = self.scene.command_line.start(*words, **environment)

    def words(self) -> list[str]:
        """The words of the command line."""
        chosen = self.dice.choice(MODES)
        mode = chosen if self.mode is None else self.mode
        match self.command:
            case Command.ENCRYPT:
                return ["encrypt", "--json", *mode]
            case Command.ROTATE:
                return ["rotate", "--json", "--assume-readers-ready", *mode]
            case Command.ROLLBACK:
                return ["rollback", self.undoable(), "--json", *self.dice.choice(([], _NEWER))]

    def undoable(self) -> str:
        """The run that is to be rolled back; '' where nothing much is left of one."""
        if not self.has_records or self.scene.ask(SEALED) < _LEFT_TO_UNDO * self.ground.rows:
            return ""
        return str(self.scene.ask(UNDOABLE, _LEFT_TO_UNDO * self.ground.rows) or "")

    def reaches(self, moment: Moment) -> bool:
        """Wait for a moment; False where the run ends before."""
        return self.waits_for(lambda: self._watch.is_due(moment))

    def waits_for(self, has_come: Callable[[], bool], seconds: float = _SECONDS_TO_END) -> bool:
        """Wait until something has come about; False where the run ends before, or in time."""
        return self.process is not None and wait_for(self.process, has_come, seconds)

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self.process is None or self.process.poll() is not None

    @property
    def family(self) -> list[psutil.Process]:
        """The runner and its workers."""
        if self.process is None or self.is_over:
            return []
        runner = psutil.Process(self.process.pid)
        return [runner, *runner.children(recursive=True)]

    def kill(self) -> None:
        """Kill the run; its children have to follow."""
        assert self.process is not None
        self.survivors += len(kill(self.process).survivors)
        self.finish()

    def finish(self) -> None:
        """Let the run come to its end."""
        if self.process is None or self.ended is not None:
            return
        try:
            printed = self.process.communicate(timeout=_SECONDS_TO_END)
        except TimeoutExpired:
            self.wrong.append(f"the run had not ended after {_SECONDS_TO_END} s")
            kill(self.process)
            printed = self.process.communicate()
        self._watch.close()
        self.ended = Ended(self.process.wait(), *printed)

    def sessions(self) -> list[int]:
        """The server's processes that serve runs."""
        with self.scene.connect() as connection:
            return [pid for (pid,) in connection.execute(SESSIONS.encode()).fetchall()]


_NEWER = ["--unseal-newer"]
