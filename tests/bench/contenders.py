"""What is measured: the bare UPDATE, the sweep without Prefect, and the command line."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import uuid4

from reseal.access import Access
from reseal.config import load_config
from reseal.envelope import length
from reseal.modes import Effort, Mode, effort
from reseal.store import data_key, schema
from reseal.store.control import hold
from reseal.store.store import Store
from reseal.sweep.job import Assignment
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally, total
from reseal.sweep.turn import Turn
from reseal.workers import Workers, open_workers
from tests.bench.memory import Memory, watched
from tests.bench.processor import counted
from tests.bench.site import Site

NAME = "users.mfa_secret"
SECRET_CHARACTERS = 32


@dataclass(frozen=True)
class Measured:
    """One measurement: rows a second, and what else it showed."""

    contender: str
    rows_per_second: float
    stages: dict[str, float] = field(default_factory=dict)
    microseconds: tuple[float, float] | None = None
    """Processor time a row, of client and server."""
    memory: Memory | None = None


def bare(site: Site) -> Measured:
    """Rewrite the column with a constant as long as an envelope, in one statement."""
    constant = "x" * length(SECRET_CHARACTERS, 1)
    with site.connected() as connection, counted(site) as used:
        began = monotonic()
        connection.execute("UPDATE users SET mfa_secret = %s", [constant])
        rate = site.rows / (monotonic() - began)
    return Measured("bare UPDATE", rate, microseconds=used.microseconds(site.rows))


def sweep(site: Site) -> Measured:
    """Seal by worker processes until a pass finds nothing more, without Prefect or backup."""
    config = load_config(site.directory / "reseal.toml")
    access = Access(site.url, config, "env:BENCH_KEK", "env:BENCH_BACKUP_KEK", site.keys)
    how, store = effort(Mode.AGGRESSIVE), access.store("bench")
    schema.migrate(store)
    data_key.ensure_active(store, access.kek(), "bench")
    with counted(site) as used, open_workers(access, how.workers) as workers:
        # Their start is no part of the stage: in a run, the backup has started them.
        workers.verify(None, None, NAME, Span(0, 1)).result()
        began = monotonic()
        _converge(access, store, workers, how)
        rate = site.rows / (monotonic() - began)
    store.close()
    _assert_sealed(site)
    return Measured("sweep", rate, microseconds=used.microseconds(site.rows))


def command(site: Site) -> Measured:
    """Run `reseal encrypt --aggressive` and take what it says of its stage `encrypt`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reseal.command", "encrypt", "--aggressive", "--json"],
        cwd=site.directory,
        env=site.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    document, memory = watched(process, site, _document)
    _assert_sealed(site)
    seconds = document["stages"]["encrypt"]
    return Measured("reseal encrypt", site.rows / seconds, document["stages"], memory=memory)


CONTENDERS: tuple[Callable[[Site], Measured], ...] = (bare, sweep, command)


def _converge(access: Access, store: Store, workers: Workers, how: Effort) -> None:
    run_id = uuid4()
    with hold(store, NAME, run_id) as epoch:
        for number in range(1, 11):
            assignment = Assignment(run_id, NAME, Turn.SEAL, epoch, number)
            if _pass(access, store, workers, how, assignment).converged:
                return


def _pass(
    access: Access, store: Store, workers: Workers, how: Effort, assignment: Assignment
) -> Tally:
    target = access.target(store, NAME)
    rows = how.span_rows if assignment.pass_number == 1 else how.span_rows * 10
    spans = Span(0, target.pages + 1).split(max(1, round(rows / target.rows_per_page)))
    futures = [workers.sweep(assignment, span, how.pace) for span in spans]
    return total(future.result().tally for future in futures)


def _document(process: "subprocess.Popen[str]") -> dict[str, Any]:
    printed, said = process.communicate()
    if process.returncode:
        raise SystemExit(f"reseal encrypt ended with {process.returncode}: {said}{printed}")
    document: dict[str, Any] = json.loads(printed)
    return document


def _assert_sealed(site: Site) -> None:
    with site.connected() as connection:
        row = connection.execute(
            "SELECT count(*) FROM users WHERE mfa_secret LIKE 'eyJrZXlWZXJzaW9uIjo%'"
        ).fetchone()
    if row != (site.rows,):
        raise SystemExit(f"of {site.rows} rows {row} are sealed")
