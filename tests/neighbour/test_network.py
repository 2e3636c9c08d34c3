"""The measuring of logins over a network: that it runs, and that its numbers add up."""

import pytest

from tests.neighbour.network import Site, ratio

USERS = 40


def test_every_user_is_let_in_once_whatever_the_pool(database, capsys):
    site = Site(database, USERS, round_trip=0.002)
    site.enrol()
    few, many = site.measure(2), site.measure(6)
    print(few, many, sep="\n")
    for connections, found in ((2, few), (6, many)):
        assert found.connections == len(found.by_thread) == connections
        assert found.logins == found.accepted == USERS
        assert found.rate == pytest.approx(USERS / found.seconds)
        assert f"{connections} connections: " in str(found)
    assert ratio([few], [many]) == pytest.approx(few.seconds / many.seconds)
