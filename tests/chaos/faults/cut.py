"""Connections are cut at a commit, before or after it stands."""

from tests.chaos.faults.interface import SLOWLY, Fault, amid_rows
from tests.chaos.proxy import Cut, Proxy
from tests.chaos.round import Round

_MOST_CUTS, _MOST_COMMITS_BETWEEN = 3, 4


class CutAtCommit(Fault):
    """A proxy takes connections of the run away, some commits apart."""

    def __init__(self, cut: Cut) -> None:
        self._cut = cut

    @property
    def name(self) -> str:  # type: ignore[override]
        """The kind by when it cuts."""
        return f"cut {self._cut.name.lower()} a commit"

    def inject(self, round: Round) -> int:
        """Cut up to three of them from some moment on."""
        dice = round.dice
        moment = amid_rows(dice)
        round.mode = SLOWLY
        cuts = [
            (dice.randrange(_MOST_COMMITS_BETWEEN), self._cut)
            for _ in range(dice.randint(1, _MOST_CUTS))
        ]
        round.said = f"{moment}, {' and '.join(str(commits) for commits, _ in cuts)} commits later"
        with Proxy(round.scene.database) as proxy:
            round.start(RESEAL_DATABASE_URL=proxy.url)
            if round.reaches(moment):
                proxy.script.cuts.extend(cuts)
            round.finish()
            return proxy.script.done
