"""Work for a run from a process that it did not start: with a way to the database of one's own."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial

from reseal import spans
from reseal.about import about
from reseal.access import Access
from reseal.errors import Misplaced
from reseal.following import Following
from reseal.heeding import BRIEFLY
from reseal.patience import Patience
from reseal.posting import Posting
from reseal.store.session import is_connected
from reseal.store.store import Store

_A_MOMENT = Patience(tries=6)


@contextmanager
def posted(access: Access, posting: Posting) -> Iterator[None]:
    """Have a bench for the run's spans for the length of the block.

    Raise Misplaced where this process reads another reseal.toml than the run, or reaches another
    database.
    """
    _need_same_words(access, posting)
    access = replace(access, is_careful=posting.effort.is_careful)
    connect = partial(_connect, access, posting)
    following = Following(connect, posting.run_id, posting.effort)
    with about(**posting.words), closing(following):
        following.store = _beside(connect(), posting)
        with spans.bench(access, following.hands()):
            yield


def _need_same_words(access: Access, posting: Posting) -> None:
    if access.config.sha256 != posting.sha256:
        raise Misplaced(
            "a process that works for this run reads another reseal.toml than the run itself; give "
            "every worker the same file, by RESEAL_CONFIG"
        )


def _connect(access: Access, posting: Posting) -> Store:
    store = access.store(f"heed {posting.run_id}", read_only=True)
    store.execute(BRIEFLY)
    return store


def _beside(store: Store, posting: Posting) -> Store:
    for attempt in range(_A_MOMENT.tries):
        if is_connected(store, posting.run_id):
            return store
        # It may be opening another connection in place of one that was lost.
        _A_MOMENT.wait(attempt)
    store.close()
    raise Misplaced(
        "a process that works for this run does not find it in the database that it reaches; give "
        "every worker the run's own RESEAL_DATABASE_URL"
    )
