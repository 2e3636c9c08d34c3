"""How many rows a batch takes and how long to rest after it; no clock inside."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Pace:
    """Steer the batch size towards a duration, and rest in proportion to the work.

    `rows` the next batch's size; `target` seconds a batch should take; `rest` seconds of rest
    for a second of work; `fewest` and `most` bound the size.
    """

    rows: int
    target: float
    rest: float
    fewest: int = 25
    most: int = 20_000

    def after(self, seconds: float) -> "Pace":
        """Return the pace after a batch took so long: slow growth, at once back when late."""
        if seconds <= 0:
            return self
        wish = self.rows * self.target / seconds
        # Growth is bounded, or one lucky batch makes the next one an outage.
        rows = min(wish, self.rows * 1.5) if wish > self.rows else max(wish, self.rows / 10)
        return replace(self, rows=round(min(max(rows, self.fewest), self.most)))

    def rest_after(self, seconds: float) -> float:
        """Return how long to leave the database to the application."""
        return seconds * self.rest
