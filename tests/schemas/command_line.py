"""The commands themselves, as a person runs them."""

from tests.schemas.journey import Journey

CODES = {"check": 0, "encrypt": 4, "rotate": 4, "verify": 4, "rollback": 0}
"""The strangers among the tables are why it is 4."""


def lead(journey: Journey) -> Journey:
    """Lead all tables through every command, with a look after each."""
    journey.go("check", "check")
    run_id = journey.go("encrypt", "encrypt").run_id
    journey.go("rotate", "rotate", "--assume-readers-ready")
    journey.go("verify", "verify")
    journey.go("rollback", "rollback", run_id, "--unseal-newer")
    assert journey.codes == CODES
    return journey
