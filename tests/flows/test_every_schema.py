"""Every table of tests/schemas is checked, sealed, rotated, verified and rolled back.

All of them by the stages of the library, on the older server every fifth, and one of each kind by
the command line; `make schemas` takes all of them through the commands, on both.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.schemas import command_line, library
from tests.schemas.journey import Journey, begin, database
from tests.schemas.judge import JUDGEMENTS
from tests.schemas.servers import NEWEST, OLDER, Servers, both, need
from tests.schemas.suite import SCHEMAS

pytestmark = pytest.mark.slow

SEEN_THROUGH_PREFECT = [
    schema
    for schema in SCHEMAS
    if os.environ.get("EVERY_SCHEMA_BY_COMMAND")
    or schema.name
    in {
        "strangers", "char_16_side", "bytea_raw", "json_in_a_string", "text_array", "by_range",
    }
]  # fmt: skip

# What differs between the servers are the catalogs, and each of these is one of many alike.
ON_BOTH = SCHEMAS if os.environ.get("EVERY_SCHEMA_BY_COMMAND") else SCHEMAS[::5]
BY_LIBRARY = {NEWEST: SCHEMAS, OLDER: ON_BOTH}

Journeys = dict[tuple[str, str], "Future[Journey]"]


@pytest.fixture(scope="module")
def servers(server: str) -> Iterator[Servers]:
    """Both servers, or the session's alone."""
    with both(server) as found:
        yield found


@pytest.fixture(scope="module")
def journeys(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Journeys]:
    """Every journey, all at once: most of the time each waits for its server."""
    found: Journeys = {}
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        fresh = {
            (way, server): stack.enter_context(database(url))
            for way in ("library", "command line")
            for server, url in servers.items()
        }
        for server in servers:
            directory = tmp_path_factory.mktemp("library")
            made = begin(fresh["library", server], BY_LIBRARY[server], directory)
            found["library", server] = pool.submit(library.lead, made)
        # Prefect's server needs a while to start.
        prefect: tuple[str, Path] = (
            request.getfixturevalue("prefect_api"), request.getfixturevalue("prefect_home"),
        )  # fmt: skip
        for server in servers:
            url, directory = fresh["command line", server], tmp_path_factory.mktemp("command_line")
            made = begin(url, SEEN_THROUGH_PREFECT, directory, *prefect)
            found["command line", server] = pool.submit(command_line.lead, made)
        yield found


CASES = [
    pytest.param(step, way, server, schema, id=f"{step}-{way}-{server}-{schema.name}")
    for step in JUDGEMENTS
    for server in (NEWEST, OLDER)
    for way, schemas in (("library", BY_LIBRARY[server]), ("command line", SEEN_THROUGH_PREFECT))
    for schema in schemas
]


@pytest.mark.parametrize(("step", "way", "server_name", "schema"), CASES)
def test_after_each_command_each_table_is_as_it_must_be(
    journeys, servers, step, way, server_name, schema
):
    need(servers, server_name)
    journey = journeys[way, server_name].result()
    for judgement in JUDGEMENTS[step]:
        judgement(journey, schema)
