"""Do the work of a span: by the run's own workers beside the run, in this process elsewhere."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from uuid import UUID

from reseal import logs
from reseal.access import Access
from reseal.config import load_config
from reseal.embedded import start_server
from reseal.outpost import posted
from reseal.posting import Posting
from reseal.trial_keys import with_trial_keys
from tasks.run import here
from tasks.target import settings_of

Given = ParamSpec("Given")
Made = TypeVar("Made")

# With it goes what a remote KEK has unwrapped, so that it is asked once a process and run.
_opened: dict[UUID, Access] = {}


def do(
    posting: Posting, work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs
) -> Made:
    """Do one of the works of `spans` for a run, wherever this is."""
    run = here(posting.run_id)
    if run is not None:
        return run.workers.do(work, *args, **kwargs).result()
    with posted(_access(posting), posting):
        return work(*args, **kwargs)


def _access(posting: Posting) -> Access:
    """Return this process's own way to the database and the keys; that of another run is let go."""
    if posting.run_id not in _opened:
        opened = _open(posting)
        _opened.clear()
        _opened[posting.run_id] = opened
    return _opened[posting.run_id]


def _open(posting: Posting) -> Access:
    settings, _ = with_trial_keys(settings_of(posting.config, posting.target))
    logs.set_up(settings.log)
    url = settings.database_url or start_server(settings.state / "postgres")
    return Access.of(settings, load_config(settings.config), url)
