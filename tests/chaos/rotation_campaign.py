"""The campaign of rotations: killed at every point, gone on with, and judged each time."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from random import Random

import psycopg

from tests.chaos.busy import Users, busy
from tests.chaos.delay import holds_off_batches
from tests.chaos.hold import VERSION, holding
from tests.chaos.rotation_judge import Standing, look, misplaced, unfinished, unsound, untidy
from tests.chaos.rotation_points import Chain, Point
from tests.chaos.runner import kill, wait_for
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Meanwhile, Scene

LAST_EVENT = "SELECT coalesce(max(event_id), 0) FROM reseal.event"

_SECONDS_TO_COME = 120.0

Say = Callable[[str], None]


@dataclass
class RotationCampaign:
    """Chains of points: each run is killed at the next point, then one goes on to the end.

    `wrong` says in sentences what was found that must not be; a campaign is won without any.
    """

    scene: Scene
    chains: tuple[Chain, ...]
    rows: int
    seed: int
    say: Say
    modes: tuple[list[str], ...] = (["--safe"],)
    wrong: list[str] = field(default_factory=list)

    def fight(self) -> list[str]:
        """Break every chain on one table beside an application; return what went wrong."""
        self._dice = Random(self.seed)
        with busy(self.scene, self.rows, self.seed) as users, self.scene.connect() as connection:
            connection.execute(VERSION.encode())
            for chain in self.chains:
                self._break(chain, users, connection)
        self._note("in the end", [*users.failures(), *untidy(self.scene)])
        kills = sum(map(len, self.chains))
        self.say(f"{kills} kills, {users.logins:,} logins meanwhile, {len(self.wrong)} faults")
        return self.wrong

    def _break(self, chain: Chain, users: Users, connection: psycopg.Connection) -> None:
        before = look(self.scene, users)
        keys = len(before.keys) + 1
        for point in chain:
            self._note(point.name, self._kill(point, connection))
            standing = look(self.scene, users)
            self._judge(point.name, standing, keys, misplaced(standing, point.keys, before))
            users.application.check()
            # Whoever finds nothing to go on with begins a rotation of its own.
            keys += point.makes_another
        self._finish(users, keys)

    def _kill(self, point: Point, connection: psycopg.Connection) -> list[str]:
        (since,) = connection.execute(LAST_EVENT).fetchone() or (0,)
        sees = point.sees.format(since=since).encode()
        with holding(connection, point.hold) if point.hold else nullcontext() as held:

            def has_come() -> bool:
                if held:
                    return held.has_come
                return connection.execute(sees).fetchone() == (True,)

            process = self.scene.command_line.start(
                "rotate", "--json", *self._dice.choice(self.modes)
            )
            try:
                is_met = wait_for(process, has_come, _SECONDS_TO_COME)
            finally:
                death = kill(process)
            if held:
                held.end()
        said = [] if is_met else [f"the run did not come there: {process.communicate()}"]
        return said + [f"process {pid} outlived the run" for pid in death.survivors]

    def _finish(self, users: Users, keys: int) -> None:
        users.application.seal_from_now_on()
        ended = self._rotate()
        if ended.code == 4 and len(ended.part(FIELD)["after"]["sealed"]) > 1:
            # The application sealed under the old key after the last pass had been there.
            ended = self._rotate()
        if ended.code:
            self._note("a run to the end", [f"it ended with {ended.code}: {ended}"])
        standing = look(self.scene, users)
        self._judge("a run to the end", standing, keys, unfinished(standing))
        users.application.write_plaintext_again()

    def _rotate(self) -> Ended:
        meanwhile = Meanwhile()
        with meanwhile.does(holds_off_batches(self.scene, meanwhile.ended)):
            process = self.scene.command_line.start("rotate", "--json")
            printed = process.communicate()
        return Ended(process.wait(), *printed)

    def _judge(self, where: str, standing: Standing, keys: int, faults: list[str]) -> None:
        faults = [*unsound(self.scene, standing), *faults]
        if len(standing.keys) > keys:
            faults.append(f"{len(standing.keys)} keys were made where {keys} are enough")
        states = "".join(f", {version} staged" for version in standing.in_state("staged"))
        rows = ", ".join(f"{rows:,} rows under {v}" for v, rows in sorted(standing.rows.items()))
        self.say(f"{where:<34} key {standing.active} active{states}; {rows}")
        self._note(where, faults)

    def _note(self, where: str, faults: list[str]) -> None:
        for fault in faults:
            self.wrong.append(f"{where}: {fault}")
            self.say(f"WRONG {self.wrong[-1]}")
