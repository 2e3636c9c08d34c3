"""Where a run is looked at: a server of its own, a table of users, and Prefect beside it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.own_prefect import served
from tests.bench.site import Site, opened
from tests.bench.table import Table
from tests.flows.conftest import CONFIG, CommandLine
from tests.flows.scene import Scene

# The server would clean it of its own accord in the midst of a measurement.
LEFT_ALONE = (
    "ALTER TABLE source SET (autovacuum_enabled = off)",
    "VACUUM ANALYZE source",
)
POSTMASTER = "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)"


@dataclass(frozen=True)
class Place:
    """A site, and the scene on it: commands are interpreters of their own, as for a person."""

    site: Site
    scene: Scene

    @property
    def data(self) -> Path:
        """The directory of the server."""
        return self.site.directory / "data"

    @property
    def postmaster(self) -> int:
        """The process that all of the server's processes are children of."""
        return int(self.scene.ask(POSTMASTER))

    def renew(self, config: str = "") -> None:
        """Have the table as it was at first, and a reseal.toml with something more in it."""
        self.site.renew()
        self.scene.command_line.write_config(f"{config}\n{CONFIG}")


@contextmanager
def placed(rows: int) -> Iterator[Place]:
    """Have a place for the length of the block."""
    with opened(Table(rows)) as site, _prefect() as api:
        with site.connected() as connection:
            for statement in LEFT_ALONE:
                connection.execute(statement.encode())
        environment = {**site.environment, "PREFECT_API_URL": api}
        command_line = CommandLine(site.directory, environment, is_cold=True, leads_a_session=True)
        yield Place(site, Scene(command_line, site.url, api))


@contextmanager
def _prefect() -> Iterator[str]:
    """Have a Prefect server, as an operator has one."""
    with TemporaryDirectory(prefix="reseal-prefect-") as state, served(Path(state)) as server:
        try:
            yield server.api_url
        finally:
            os.environ.pop("PREFECT_HOME", None)
