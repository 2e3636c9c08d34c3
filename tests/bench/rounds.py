"""The rounds: every contender once a round, each on a table of its own."""

from dataclasses import dataclass, field
from time import monotonic

from tests.bench.contenders import Contender
from tests.bench.document import Round
from tests.bench.lines import LINES
from tests.bench.measured import NotHere
from tests.bench.site import Site


@dataclass
class Rounds:
    """Measure the wanted lines round by round, and say each as it is known.

    The first contender is what the others are compared with.
    """

    site: Site
    contenders: list[Contender]
    wanted: frozenset[str]
    measured: list[Round] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Measure one more round."""
        first, others = self.contenders[0], self.contenders[1:]
        # What comes first finds another cache than what comes last: every other is reversed.
        others = others if len(self.measured) % 2 == 0 else others[::-1]
        self.measured.append({})
        # What everything is compared with comes at both ends: the machine may slow down meanwhile.
        for contender in [first, *others, first]:
            began = monotonic()
            try:
                self._measure(contender)
            except NotHere as missing:
                self.missing |= dict.fromkeys(contender.lines, str(missing))
                print(f"  {', '.join(contender.lines)}: {missing}", flush=True)
            else:
                took = monotonic() - began
                print(f"  {', '.join(contender.lines)} took {took:.0f} s in all", flush=True)

    def _measure(self, contender: Contender) -> None:
        wanted = self.wanted & set(contender.lines)
        for one in contender.measure(self.site.with_rows(contender.most_rows), wanted):
            if one.line in wanted:
                known = self.measured[-1].get(one.line)
                self.measured[-1][one.line] = one if known is None else known.mean(one)
                title = LINES[one.line].title
                print(f"{title:28}{one.rows_per_second:>12,.0f} rows/s", flush=True)
