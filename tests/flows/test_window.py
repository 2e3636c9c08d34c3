"""Which runs have to wait for the window of reseal.toml, and which must not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flows.window import need_open, policy_of
from reseal.errors import ConfigurationError, Refused
from reseal.modes import Mode
from reseal.pacing.policy import PacePolicy
from reseal.pacing.window import Window

NOW = datetime.now(UTC)
OPENS, CLOSES = ((NOW + timedelta(hours=hours)).time() for hours in (2, 3))
CLOSED = Window(OPENS, CLOSES)
POLICY = PacePolicy(CLOSED, done_by=NOW)


@pytest.mark.parametrize(
    ("flow", "options", "waits"),
    [
        ("encrypt_secrets", {"mode": "standard"}, True),
        ("encrypt_secrets", {"mode": Mode.VALIDATE_ONLY}, False),
        ("rotate_keys", {"mode": Mode.SAFE, "compromised": None}, True),
        ("rotate_keys", {"mode": Mode.SAFE, "compromised": 3}, False),
        ("clean_residue", {"mode": Mode.SAFE}, True),
        ("optimise_schema", {"dry_run": False}, True),
        ("optimise_schema", {"dry_run": True}, False),
        ("verify_secrets", {}, False),
        ("rollback_run", {"mode": Mode.SAFE}, False),
    ],
)
def test_who_waits_for_the_window(flow: str, options: dict[str, Any], waits: bool):
    policy = policy_of(POLICY, flow, options)

    assert (policy.window is CLOSED) is waits
    if waits:
        with pytest.raises(Refused, match=r"outside the window .* nothing was written"):
            need_open(policy)
    else:
        need_open(policy)


def test_a_date_that_is_told_comes_before_the_one_that_is_written_down():
    told = policy_of(POLICY, "encrypt_secrets", {"done_by": "2030-01-01T05:00"})

    assert told.done_by == datetime(2030, 1, 1, 5, tzinfo=UTC)
    assert policy_of(POLICY, "encrypt_secrets", {"done_by": None}).done_by == NOW
    with pytest.raises(ConfigurationError, match="--done-by must be a date and time"):
        policy_of(POLICY, "encrypt_secrets", {"done_by": "soon"})
