"""The campaign: rounds of faults, each judged at once; then a run to the end, and back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from time import monotonic

from tests.chaos.application import Application, serving
from tests.chaos.claims import document, unclear, undone
from tests.chaos.desk import is_plain
from tests.chaos.evidence import odd_evidence
from tests.chaos.instances import keeps_up, vault_on
from tests.chaos.judge import INVALID_INDEXES, QUARANTINED, Verdict, judge, look
from tests.chaos.plan import Planned
from tests.chaos.round import PLAIN, SEALED, Command, Ground, Round
from tests.chaos.score import Score
from tests.chaos.server import OwnServer
from tests.chaos.space import Space
from tests.flows.conftest import Ended
from tests.flows.scene import Meanwhile, Scene, secrets

# Below this share of plaintext a run is through too soon for a moment to be met.
_PLAIN_SHARE = 0.5

# In so many rounds nobody writes plaintext any more, so that a run can be done with all of it.
_UPGRADED_SHARE = 0.5

# A campaign takes long; what the application takes of the machine, it lacks.
_REST_SECONDS = 0.006

_WELL, _KILLED, _FAILED, _UNREACHABLE = (0, 4), (-9,), 1, 2
_NO_FAULT = "none"
_LASTING = (
    "lost", "unverifiable", "sealed_twice", "extra", "missing", "miscounted", "broken_links",
)  # fmt: skip

Say = Callable[[str], None]


@dataclass
class Campaign:
    """Rounds on one table, beside an application that does what it wants.

    With `goes_back` the last run is rolled back in the end, and judged once more.
    """

    scene: Scene
    server: OwnServer
    space: Space | None
    rounds: list[Planned]
    rows: int
    seed: int
    say: Say
    goes_back: bool = False
    score: Score = field(default_factory=Score)
    _bad: dict[str, int] = field(default_factory=dict)

    def fight(self) -> Score:
        """Fight all rounds, let one run end, and judge."""
        # It says of every connection that it lost one.
        logging.getLogger("psycopg.pool").disabled = True
        dice = Random(self.seed)
        stored = self.scene.enrol(secrets(self.rows, dice))
        meanwhile = Meanwhile()
        with vault_on(self.scene) as vault:
            application = Application(self.scene, vault, stored, dice, _REST_SECONDS)
            self._ground = Ground(self.scene, self.server, application, self.space, self.rows)
            # What the vault cannot load while the server is away is none of a run's faults.
            keeping_up = keeps_up(vault, meanwhile.ended, [], reports=False)
            self._standing = look(self.scene, application)
            with serving(application), meanwhile.does(keeping_up):
                for planned in self.rounds:
                    self._fight(planned)
                self._end(application)
        counts = application.counts
        self.say(f"the application: {', '.join(f'{n:,} {what}' for what, n in counts.items())}")
        return self.score

    def _fight(self, planned: Planned) -> None:
        round = Round(self._ground, planned.number, planned.nth, planned.command, planned.dice)
        self._arrange(round)
        began, logins = monotonic(), self._ground.application.counts["logins"]
        if planned.dice.random() < _UPGRADED_SHARE:
            self._ground.application.seal_from_now_on()
        injected = planned.fault.inject(round)
        round.finish()
        self._ground.application.write_plaintext_again()
        ended = round.ended or Ended(0, "", "")
        verdict = self._judge(round.command, ended)
        verdict.notes += [*round.wrong, *_odd(planned, ended)]
        verdict.left_processes = round.survivors
        logins = self._ground.application.counts["logins"] - logins
        line = self.score.lines[planned.fault.name]
        line.enter(injected, verdict, logins, went_on=ended.code in _WELL)
        self._tell(
            f"{planned.number:>4} {planned.fault.name:<22} {round.command:<8} {injected} injected, "
            f"ended with {ended.code:>2} after {monotonic() - began:>4.1f} s; {round.said.strip()}",
            verdict,
        )
        if ended.code == _FAILED:
            self.say(f"     {_message(ended)}")

    def _arrange(self, round: Round) -> None:
        """See to it that the command finds something to do."""
        is_ready = {
            Command.ENCRYPT: True,
            Command.ROTATE: round.has_records and self.scene.ask(SEALED) > 0,
            Command.ROLLBACK: bool(round.undoable()),
        }[round.command]
        if round.command is Command.ENCRYPT or not is_ready:
            missing = round.ground.rows * _PLAIN_SHARE - self.scene.ask(PLAIN)
            self._ground.application.enrol_in_plaintext(max(0, int(missing)))
        if not is_ready:
            self._run("encrypt")

    def _run(self, *words: str) -> Ended:
        """Let a command run that nobody disturbs."""
        ended = self.scene.command_line.run(*words, "--json")
        verdict = self._judge(Command(words[0]), ended)
        if ended.code not in _WELL:
            verdict.notes.append(f"it ended with {ended.code}")
        self.score.lines[_NO_FAULT].enter(0, verdict, 0, went_on=True)
        self._tell(f"     {_NO_FAULT:<22} {words[0]:<8} {_message(ended)}", verdict)
        return ended

    def _end(self, application: Application) -> None:
        application.seal_from_now_on()
        ended = self._run("encrypt")
        if ended.code:
            # Some row was in the way of its last pass.
            ended = self._run("encrypt")
        stored = look(self.scene, application).stored
        self._wrong("in the end", [] if ended.code == 0 else [f"it ended with {ended.code}"])
        counts = {
            "rows are plaintext": sum(map(is_plain, stored.values())),
            "rows are in quarantine": self.scene.ask(QUARANTINED),
            "indexes are invalid": self.scene.ask(INVALID_INDEXES),
        }
        self._wrong("in the end", [f"{found} {what}" for what, found in counts.items() if found])
        self._wrong("in the end", odd_evidence(self.scene))
        if self.goes_back:
            self._go_back(application)

    def _go_back(self, application: Application) -> None:
        application.write_plaintext_again()
        application.enrol_in_plaintext(self.rows)
        run_id = str(document(self._run("encrypt"))["run_id"])
        application.seal_from_now_on()
        self._run("rollback", run_id)

    def _judge(self, command: Command, ended: Ended) -> Verdict:
        """Judge what came about since the last time."""
        application = self._ground.application
        standing = look(self.scene, application)
        application.check()
        verdict = self._since(judge(self.scene, standing, self._standing))
        logins = standing.counts["failed logins"] - self._standing.counts["failed logins"]
        verdict.failed_logins, self._standing = logins, standing
        verdict.false_done = undone(self.scene, command, ended, standing)
        if ended.code == 0:
            verdict.false_done += verdict.lost + verdict.unverifiable + verdict.missing
        verdict.notes += unclear(ended)
        return verdict

    def _since(self, verdict: Verdict) -> Verdict:
        """Leave out what was found before: what is bad stays bad, and was told."""
        before, self._bad = self._bad, {name: getattr(verdict, name) for name in _LASTING}
        anew = {name: max(0, found - before.get(name, 0)) for name, found in self._bad.items()}
        return replace(verdict, **anew, notes=verdict.notes)

    def _tell(self, what: str, verdict: Verdict) -> None:
        self.say(what)
        if not verdict.is_right:
            self._wrong(" ".join(what.split()[:4]), [str(verdict)])

    def _wrong(self, where: str, said: list[str]) -> None:
        for one in said:
            self.score.wrong.append(f"{where}: {one}")
            self.say(f"WRONG {self.score.wrong[-1]}")


def _odd(planned: Planned, ended: Ended) -> list[str]:
    """Say where a round ends with a code that its kind of fault does not explain."""
    expected = {*_WELL, *_KILLED, *({_FAILED} if planned.fault.breaks else ())}
    if planned.fault.breaks and not document(ended):
        # It had not come so far as to have a document.
        expected.add(_UNREACHABLE)
    return [] if ended.code in expected else [f"it ended with {ended.code}: {_message(ended)}"]


def _message(ended: Ended) -> str:
    return str(document(ended).get("message", ended.err.strip()[-300:]))
