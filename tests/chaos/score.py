"""What a campaign came to, by kind of fault."""

from collections import defaultdict
from dataclasses import dataclass, field, fields

from tests.chaos.judge import Verdict

_TITLES = {
    "rounds": "rounds",
    "injected": "faults",
    "survived": "survived",
    "reruns": "reruns",
    "lost": "lost",
    "unverifiable": "unverifiable",
    "false_done": "false done",
    "otherwise": "otherwise",
    "logins": "logins",
    "failed_logins": "failed",
}


@dataclass
class Line:
    """One kind of fault: how many were injected, in how many rounds, and what came of it.

    `survived` are faults in runs that went on to their end, `reruns` runs that another one had to
    go on with; `otherwise` is whatever else went wrong.
    """

    rounds: int = 0
    injected: int = 0
    survived: int = 0
    reruns: int = 0
    lost: int = 0
    unverifiable: int = 0
    false_done: int = 0
    otherwise: int = 0
    logins: int = 0
    failed_logins: int = 0

    def enter(self, injected: int, verdict: Verdict, logins: int, *, went_on: bool) -> None:
        """Add a round."""
        self.rounds += 1
        self.injected += injected
        self.survived += injected * went_on
        self.reruns += not went_on
        self.lost += verdict.lost + verdict.missing + verdict.extra
        self.unverifiable += verdict.unverifiable + verdict.sealed_twice
        self.false_done += verdict.false_done
        self.otherwise += (
            len(verdict.notes)
            + verdict.miscounted
            + verdict.unaccounted
            + verdict.broken_links
            + verdict.left_processes
        )
        self.logins += logins
        self.failed_logins += verdict.failed_logins

    @property
    def values(self) -> list[int]:
        """The counts in the order of the table."""
        return [getattr(self, one.name) for one in fields(self)]


@dataclass
class Score:
    """A line for each kind, and all that was found wrong in sentences."""

    lines: defaultdict[str, Line] = field(default_factory=lambda: defaultdict(Line))
    wrong: list[str] = field(default_factory=list)

    @property
    def injected(self) -> int:
        """How many faults there were in all."""
        return sum(line.injected for line in self.lines.values())

    @property
    def is_won(self) -> bool:
        """Whether nothing at all went wrong."""
        return not self.wrong

    def __str__(self) -> str:
        rows = [(name, line.values) for name, line in sorted(self.lines.items())]
        total = [sum(column) for column in zip(*(values for _, values in rows), strict=True)]
        head = "".join(f"{title:>13}" for title in _TITLES.values())
        body = [
            f"{name:<24}" + "".join(f"{n:>13,}" for n in values)
            for name, values in [*rows, ("all", total)]
        ]
        return "\n".join([f"{'fault':<24}{head}", *body])
