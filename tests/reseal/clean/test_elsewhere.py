"""What others keep is listed with the day from which it holds no plaintext, until that day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from reseal.clean.elsewhere import Elsewhere, elsewhere, still_due
from reseal.clean.policy import CleanPolicy, read_policy
from reseal.errors import ConfigurationError
from reseal.key_policy import KeyPolicy
from tests.reseal.scene import Scene

CLEANED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_declared_period_gives_the_day(scene: Scene):
    policy, keys = CleanPolicy(dumps_kept_days=7, logs_kept_days=0), KeyPolicy()
    found = {one.what: one for one in elsewhere(scene.store, policy, keys, CLEANED)}
    assert found["dumps of the database"].until == date(2026, 3, 9)
    assert not any("logs" in what for what in found)


def test_an_undeclared_period_is_said_to_be_unknown(scene: Scene):
    found = elsewhere(scene.store, CleanPolicy(), KeyPolicy(), CLEANED)
    said = [one.sentence for one in found if one.until is None]
    assert any("base_backups_kept_days in [keys]" in text for text in said)
    assert any("for an unknown time" in text for text in said)


def test_base_backups_are_kept_as_long_as_the_keys_say(scene: Scene):
    keys = KeyPolicy(base_backups_kept_days=30)
    found = elsewhere(scene.store, CleanPolicy(), keys, CLEANED)
    assert date(2026, 4, 1) in {one.until for one in found}


@pytest.mark.parametrize(
    ("until", "is_due"),
    [(None, True), (timedelta(1), True), (timedelta(0), False), (timedelta(-1), False)],
)
def test_a_reminder_ends_on_its_day(until: timedelta | None, is_due: bool):
    day = CLEANED.date()
    noted = [Elsewhere("a dump", "delete it", day + until if until is not None else None).as_dict()]
    assert bool(still_due(noted, day)) == is_due


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"lock": 1}, "lock in [clean] must be true or false"),
        ({"dumps_kept_days": -1}, "dumps_kept_days in [clean] must be a number of days from 0"),
        ({"dumps_kept_days": True}, "dumps_kept_days in [clean] must be a number of days from 0"),
        ({"vacuum": True}, "unknown word 'vacuum' in [clean]; known: rewrite, lock"),
    ],
)
def test_what_is_wrong_with_the_table_is_said_in_a_sentence(said, fault):
    with pytest.raises(ConfigurationError) as raised:
        read_policy(said)
    assert fault in str(raised.value)
