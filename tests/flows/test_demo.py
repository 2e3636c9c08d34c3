"""`reseal demo` as `make demo` runs it, from a cold start, with fewer users."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.flows.conftest import CommandLine

pytestmark = pytest.mark.slow


ROOT = Path(__file__).parents[2]


@pytest.fixture
def cold(command_line: CommandLine) -> CommandLine:
    return replace(command_line, is_cold=True)


@pytest.fixture
def offline(cold: CommandLine) -> CommandLine:
    """A Prefect server of the tests is out of reach as well, so that it brings up its own."""
    environment = {**cold.environment, "PYTHONPATH": str(ROOT)}
    del environment["PREFECT_API_URL"]
    return replace(cold, environment=environment, program="tests.offline")


def test_the_demonstration_needs_no_network_and_ends_with_no_plaintext_and_no_failed_login(
    offline: CommandLine, admin
):
    admin.execute("DROP TABLE users")

    ended = offline.run("reseal.command", "demo", "--rows", "5000", "--json")

    assert ended.code == 0, ended.err
    census = ended.document["fields"]["users.mfa_secret"]["after"]
    assert census["plain"] == 0
    assert census["unrecognised"] == 5
    assert sum(census["sealed"].values()) > 4000
    application = ended.document["application"]
    assert application["logins"] > 100
    assert (application["failed"], application["lost"], application["errors"]) == (0, 0, 0)


def test_the_demonstration_leaves_a_table_of_users_alone_that_is_not_its_own(
    cold: CommandLine, admin
):
    admin.execute("INSERT INTO users (email, mfa_secret) VALUES ('a', 'JBSWY3DPEHPK3PXP')")

    ended = cold.run("demo", "--rows", "10")

    assert ended.code == 2
    assert "users" in ended.err
    assert admin.execute("SELECT mfa_secret FROM users").fetchall() == [("JBSWY3DPEHPK3PXP",)]
