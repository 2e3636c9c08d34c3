"""What a command took is told apart by its log lines, and adds up to all of it."""

from datetime import UTC, datetime

from tests.bench.timeline import parts


def line(second: float, message: str) -> dict[str, str]:
    return {"at": datetime.fromtimestamp(second, UTC).isoformat(), "message": message}


LINES = [
    line(105, "run begins in mode standard on users.mfa_secret"),
    line(105.5, "stage begins"),
    line(106, "pages 0-4: changed 100"),
    line(107, "stage backup ends after 1.5 s"),
    line(107.25, "stage begins"),
    line(109, "stage clean ends after 1.8 s"),
    line(109.5, "run ends as done: 100 sealed"),
]


def test_each_part_has_its_seconds_and_none_is_lost():
    took = parts(LINES, 100.0, 12.0)

    assert took == {
        "before the run": 5.0,
        "between stages": 0.5 + 0.25 + 0.5,
        "backup": 1.5,
        "clean": 1.75,
        "record and end": 2.5,
    }
    assert sum(took.values()) == 12.0
