"""The parts that a backup is cut into, by its pages."""

from typing import NamedTuple

_PAST_ALL_PAGES = 2**32 - 1


class Share(NamedTuple):
    """Pages of a run's backups, from `first` on and before `after`."""

    first: int
    after: int

    @property
    def bounds(self) -> tuple[str, str]:
        """Return the places of the first row, and of the one behind the last."""
        return f"({self.first},0)", f"({self.after},0)"


WHOLE = Share(0, _PAST_ALL_PAGES)


def cut(pages: int, many: int) -> list[Share]:
    """Cut so many pages into shares, of which the last has whatever is behind them as well.

    All are cut at once: between two of them the server may give empty pages back, and shares that
    were each cut by another size would leave rows out.
    """
    firsts = [pages * number // many for number in range(many)]
    return [
        Share(first, after)
        for first, after in zip(firsts, [*firsts[1:], _PAST_ALL_PAGES], strict=True)
    ]
