"""Clean the tables of some fields, and say what is left of their old secrets, and where."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime

from reseal.access import Access
from reseal.clean import remedies
from reseal.clean.cleaner import Cleaner
from reseal.clean.cleaning import NO_BACKUP, NOTHING_OLD, Cleaning, Step
from reseal.clean.elsewhere import elsewhere
from reseal.clean.unseen import clean_unseen
from reseal.clean.work import Work
from reseal.residue.gather import Gathered, gather
from reseal.residue.look import Search
from reseal.residue.originals import Backups
from reseal.store import aside
from reseal.store.limits import NO_LIMIT, limits
from reseal.store.store import Store


@dataclass(frozen=True, slots=True)
class Old:
    """What is to be looked for: the backups that have it, and what it is found by.

    `vacuumed` is the step that was taken meanwhile.
    """

    backups: tuple[Backups, ...]
    gathered: Gathered
    vacuumed: Step


def look_up(access: Access, work: Work, *, again: bool = False) -> Old:
    """Open the backups of the fields, while the server gives the room of dead rows back, or after.

    What was found gone before is looked for only `again`. VACUUM takes no bytes away.
    """
    with ThreadPoolExecutor(1) as beside:
        vacuuming = beside.submit(_vacuum, access, work)
        if work.hands.takes_turns:
            wait([vacuuming])
        backups = tuple(Backups.of(work.store, one, uncleaned=not again) for one in work.targets)
        gathered = gather(access, work.store, backups, work.hands)
        return Old(backups, gathered, vacuuming.result())


def _vacuum(access: Access, work: Work) -> Step:
    began = work.hands.clock()
    with closing(access.store(f"run {work.store.correlation}")) as store, _unhurried(store):
        note, _ = remedies.attempt(lambda: remedies.vacuum(store, work.heaps))
        # What is looked at first is in the files by then, where the role may see to it.
        remedies.attempt(lambda: remedies.flush(store))
    return Step("vacuum", work.hands.clock() - began, {}, note)


def clean(
    access: Access, work: Work, old: Old, replaced: int, now: Callable[[], datetime]
) -> Cleaning:
    """Take every step that is due and look after each; `replaced` is how many rows were written."""
    store, gathered = work.store, old.gathered
    with _unhurried(store):
        if gathered.secrets:
            with Search.of(access, gathered.parts, work.hands) as search:
                cleaner = Cleaner(work, search, replaced)
                steps, look = list(cleaner.steps()), cleaner.look
        else:
            steps, look = list(clean_unseen(work, replaced)), None
        _forget_aside(work)
    why = [] if look else [NO_BACKUP if replaced else NOTHING_OLD]
    return Cleaning(
        steps=(old.vacuumed, *steps),
        look=look,
        elsewhere=tuple(elsewhere(store, work.policy, access.config.keys, now())),
        looked_for={one.target.field.name: one.run_ids for one in old.backups},
        not_looked_for=(*gathered.not_verified(), *why),
    )


def _unhurried(store: Store) -> AbstractContextManager[None]:
    return limits(store, lock="60s", statement=NO_LIMIT)


def _forget_aside(work: Work) -> None:
    for target in work.targets:
        if target.aside:
            aside.forget(work.store, target.field.name, target.table, target.stored)
