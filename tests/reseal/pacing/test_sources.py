"""How far standbys are, by what a primary knows of them."""

from typing import Any

import pytest

from reseal.pacing.signal import Signal
from reseal.pacing.sources import Server, replication

MB = 1024 * 1024


class Answers:
    """A primary that tells these rows: its log's end, senders, those seen, replayed, standbys."""

    def __init__(self, *rows: tuple[Any, ...]) -> None:
        self.rows = list(rows)

    def need(self, _statement: str) -> tuple[Any, ...]:
        return self.rows.pop(0)


def lags(*rows: tuple[Any, ...]) -> list[Any]:
    """What is told of the lag, a second from one look to the next."""
    server = Server(Answers(*rows), "", [], None)  # type: ignore[arg-type]
    return [replication(server, float(at)).get(Signal.LAG) for at in range(len(rows))]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(100, 1, 1, 100, 1), (200, 1, 1, 200, 1)], [0.0, 0.0]),
        # Replay is paused: what was written at the first look waits.
        ([(100, 1, 1, 50, 1), (200, 1, 1, 50, 1), (300, 1, 1, 50, 1)], [0.0, 1.0, 2.0]),
        # It goes on.
        ([(100, 1, 1, 50, 1), (200, 1, 1, 50, 1), (200, 1, 1, 200, 1)], [0.0, 1.0, 0.0]),
        # Nothing is written and nothing replayed.
        ([(100, 1, 1, 100, 1)] * 3, [0.0] * 3),
        ([(100, 0, 0, None, 0)], ["no standby is connected"]),
        # One that comes while a run works counts from then on, and one that goes is not forgotten.
        (
            [(100, 0, 0, None, 0), (200, 1, 1, 200, 1), (300, 0, 0, None, 0)],
            ["no standby is connected", 0.0, None],
        ),
        ([(100, 2, 2, 100, 2), (200, 1, 1, 200, 1)], [0.0, None]),
        # Somebody takes a base backup.
        ([(100, 1, 1, None, 0)], ["no standby is connected"]),
    ],
)
def test_the_lag_of_standbys(rows, told):
    assert lags(*rows) == told


def test_who_may_not_see_it_is_told_so():
    (why,) = lags((100, 2, 0, None, 0))

    assert "GRANT pg_monitor" in why


def test_how_fast_the_log_grows():
    server = Server(Answers((0, 0, 0, None, 0), (3 * MB, 0, 0, None, 0)), "", [], None)  # type: ignore[arg-type]
    replication(server, 0.0)

    assert replication(server, 1.5)[Signal.WAL_RATE] == 2.0
