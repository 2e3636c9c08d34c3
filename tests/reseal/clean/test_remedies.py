"""A remedy that is refused is told, and only what must end the run ends it."""

import pytest

from reseal.clean.remedies import attempt
from reseal.errors import ConnectionLost, StoreError, Superseded


def refused() -> str:
    raise StoreError("the lock was not given in time")


def test_what_a_remedy_did_or_why_it_was_refused_is_told():
    assert attempt(lambda: "3 rows") == ("3 rows", False)
    assert attempt(refused) == ("the lock was not given in time", True)


@pytest.mark.parametrize("kind", [ConnectionLost, Superseded])
def test_a_run_that_lost_its_connection_or_its_field_goes_no_further(kind):
    def lost() -> str:
        raise kind("gone")

    with pytest.raises(kind):
        attempt(lost)
