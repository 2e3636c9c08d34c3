"""What was looked at and tried on a field's table, as the evidence and a person have it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reseal.optimise.plan import Plan


@dataclass(frozen=True, slots=True)
class Trial:
    """A query, its plans around an index, and whether that stays.

    `source` is who says that it is a login query, `calls` how often it was asked since the server
    began to count. `failed` says that the server refused, so that nothing is known of the index.
    """

    query: str
    source: str
    calls: int | None = None
    before: Plan | None = None
    after: Plan | None = None
    index: str | None = None
    definition: str | None = None
    kept: bool = False
    why: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Optimisation:
    """What was tried: the index's name, whether it stays and why, the plans around it.

    Those are of the first query whose index stays, else of the first one that has an index, else
    of the first; `trials` has every one. `leftovers` are what killed builds had left.
    """

    index: str | None
    kept: bool
    reason: str
    before: Plan | None = None
    after: Plan | None = None
    trials: tuple[Trial, ...] = ()
    leftovers: tuple[str, ...] = ()

    @classmethod
    def of(cls, trials: Sequence[Trial], leftovers: Sequence[str] = ()) -> "Optimisation":
        """Sum up what became of the queries."""
        first = min(trials, key=lambda trial: (not trial.kept, trial.index is None))
        return cls(
            first.index,
            first.kept,
            first.why,
            first.before,
            first.after,
            tuple(trials),
            tuple(leftovers),
        )

    @property
    def built(self) -> tuple[str, ...]:
        """The indexes that stay."""
        return tuple(dict.fromkeys(one.index for one in self.trials if one.kept and one.index))

    @property
    def failed(self) -> tuple[str, ...]:
        """What the server refused, and why."""
        return tuple(dict.fromkeys(one.why for one in self.trials if one.failed))

    def as_dict(self) -> dict[str, Any]:
        """Return it for the evidence."""
        return asdict(self)
