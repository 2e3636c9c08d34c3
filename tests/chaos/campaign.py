"""The campaign: run, kill, again; then run to the end and judge."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import psycopg

from tests.chaos.application import Application, serving
from tests.chaos.instances import vault_on
from tests.chaos.judge import Verdict, judge
from tests.chaos.moments import Moment, Watch, throw
from tests.chaos.runner import Killed, kill_at
from tests.flows.scene import Scene, secrets

PLAIN = "SELECT count(*) FROM users WHERE mfa_secret <> '' AND NOT starts_with(mfa_secret, 'eyJr')"

SEALED = "SELECT count(*) FROM users WHERE starts_with(mfa_secret, 'eyJr')"

# Below this share of plaintext a run is through too soon for a moment to be met.
_PLAIN_SHARE = 0.5

Say = Callable[[str], None]


@dataclass
class Fallen:
    """What was noticed on the way: processes that outlived their runner, odd exit codes."""

    survivors: int = 0
    notes: list[str] = field(default_factory=list)

    def ended(self, code: int, expected: tuple[int, ...]) -> None:
        """Note the exit code of a run that nobody killed, where it is another one."""
        if code not in expected:
            self.notes.append(f"a run that nobody killed ended with {code}")


@dataclass(frozen=True)
class Campaign:
    """So many kills on a table of so many rows, all chosen by a seed."""

    scene: Scene
    kills: int
    rows: int
    seed: int
    say: Say

    def fight(self) -> Verdict:
        """Kill and kill again, let one run end, and judge."""
        dice = Random(self.seed)
        stored = self.scene.enrol(secrets(self.rows, dice))
        with vault_on(self.scene) as vault, self.scene.connect() as connection:
            application = Application(self.scene, vault, stored, Random(dice.random()))
            with serving(application):
                fallen = self._kill_all(connection, application, dice)
                application.seal_from_now_on()
                self._last_run(fallen)
        verdict = judge(self.scene, application)
        verdict.left_processes, verdict.notes = fallen.survivors, fallen.notes
        counts = application.counts
        self.say(f"{self.kills} kills: {verdict}; {counts['logins']:,} logins meanwhile")
        return verdict

    def _kill_all(
        self, connection: psycopg.Connection, application: Application, dice: Random
    ) -> "Fallen":
        fallen = Fallen()
        for number in range(1, self.kills + 1):
            ended: Killed | int = 0
            while not isinstance(ended, Killed):
                application.enrol_in_plaintext(self._too_few_plain())
                moment = throw(dice)
                ended = kill_at(self.scene, moment, Watch(connection, self.scene.ask(PLAIN)))
                self._tell(fallen, number, moment, ended)
            application.check()
        return fallen

    def _too_few_plain(self) -> int:
        return max(0, round(self.rows * _PLAIN_SHARE) - int(self.scene.ask(PLAIN)))

    def _tell(self, fallen: "Fallen", number: int, moment: Moment, ended: Killed | int) -> None:
        aim = f"kill {number:>3} at {moment!s:<16} {' '.join(moment.flags):12}"
        sealed = f"{self.scene.ask(SEALED):,} rows sealed"
        if not isinstance(ended, Killed):
            self.say(f"{aim} the run was faster and ended with {ended}; {sealed}")
            fallen.ended(ended, (0, 4))
            return
        where = f"{ended.look.stage.name.lower()}, {ended.look.rows:,} rows of it"
        followed = f"{ended.death.children} children gone after {ended.death.seconds:.1f} s"
        self.say(f"{aim} in {where}; {followed}; {sealed}")
        fallen.survivors += len(ended.death.survivors)

    def _last_run(self, fallen: "Fallen") -> None:
        ended = self.scene.command_line.run("encrypt", "--json")
        self.say(f"the last run ended with {ended.code}: {ended.document['message']}")
        fallen.ended(ended.code, (0,))
