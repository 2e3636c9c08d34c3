"""One run meets one cause after the other, tells of each, and is done in the end."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.chaos.server import own_server
from tests.flows.conftest import CONFIG
from tests.flows.scene import scene_on
from tests.flows.test_stop import SLOW
from tests.neighbour import standby
from tests.neighbour.causes import CAUSES, Ground
from tests.neighbour.watch import Reaction, watched
from tests.scratch import scratch

pytestmark = pytest.mark.slow

USERS = 40_000
CONFIGURED = "\n".join(
    [
        "[pace]\nrest = 1\nserver_cores = 1\n[pace.limits]",
        *(f"{signal} = {limit}" for signal, limit in {
            signal: limit for cause in CAUSES for signal, limit in cause.limits.items()
        }.items()),
        CONFIG,
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def reactions(
    prefect_api: str, prefect_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Reaction]]:
    """What a careful run did about every cause, on a database that takes its time."""
    standby.need()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(scratch("reseal-neighbour-")))
        server = stack.enter_context(own_server(directory))
        second = stack.enter_context(standby.standby_of(server.directory, directory))
        place = tmp_path_factory.mktemp("neighbour")
        scene, ground = (
            scene_on(server.url, prefect_api, prefect_home, place),
            Ground(server.url, second),
        )
        scene.command_line.write_config(CONFIGURED)
        scene.enrol("JBSWY3DPEHPK3PXP" for _ in range(USERS))
        with scene.connect() as connection:
            connection.execute(SLOW)
            with watched(scene, USERS, "--safe") as run:
                found = {cause.name: run.reacts(cause, ground) for cause in CAUSES}
                connection.execute("DROP TRIGGER slow ON users")
                run.ended(*found.values())
        yield found


@pytest.mark.parametrize("name", [cause.name for cause in CAUSES])
def test_a_run_waits_while_it_lasts_says_why_and_goes_on(
    reactions: dict[str, Reaction], name: str
) -> None:
    reaction = reactions[name]
    assert [claim for claim, holds in reaction.claims.items() if not holds] == [], reaction
    assert reaction.code == 0
