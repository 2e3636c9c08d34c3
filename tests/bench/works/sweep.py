"""Seal by worker processes until a pass finds nothing more, without Prefect or backup."""

from uuid import uuid4

from reseal import spans
from reseal.access import Access
from reseal.config import load_config
from reseal.modes import Effort, Mode, effort
from reseal.store import data_key, schema
from reseal.store.control import hold
from reseal.store.store import Store
from reseal.sweep.job import Assignment
from reseal.sweep.span import Span
from reseal.sweep.tally import Tally, total
from reseal.sweep.turn import Turn
from reseal.workers import Workers, open_workers
from tests.bench.site import Site
from tests.bench.spent import Spent, counted

NAME = "users.mfa_secret"


def seal(site: Site) -> Spent:
    """Seal the whole table."""
    config = load_config(site.directory / "reseal.toml")
    access = Access(site.url, config, "env:BENCH_KEK", "env:BENCH_BACKUP_KEK", site.keys)
    how, store = effort(Mode.AGGRESSIVE), access.store("bench")
    schema.migrate(store)
    data_key.ensure_active(store, access.kek(), "bench")
    with open_workers(access, how.workers) as workers:
        # Their start is no part of the stage: in a run, the backup has started them.
        workers.do(spans.verify_span, None, None, NAME, Span(0, 1), None).result()
        with counted(site) as spent:
            _converge(access, store, workers, how)
    store.close()
    return spent


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
    rows = how.rows_of_span(target.rows, first_pass=assignment.pass_number == 1)
    parts = Span(0, target.pages + 1).split(1 + round(rows / target.rows_per_page))
    futures = [workers.do(spans.sweep_span, assignment, part, how.pace) for part in parts]
    return total(future.result().tally for future in futures)
