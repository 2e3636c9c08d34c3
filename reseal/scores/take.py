"""Take both scores and the advice of a database, for a command or at the end of a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from reseal.access import Access
from reseal.advice import Advice, advise, once
from reseal.census import Census, take_census
from reseal.errors import ConnectionLost, FieldError, ResealError, StoreError
from reseal.scores.finding import Unknown
from reseal.scores.known import known
from reseal.scores.read_security import Known, read_security
from reseal.scores.read_storage import read_storage
from reseal.scores.reading import Verified
from reseal.scores.score import Score
from reseal.scores.security import security
from reseal.scores.storage import storage_efficiency
from reseal.store.catalog import Target
from reseal.store.store import Store

# By which names a document has the scores.
SCORES = ("security", "storage")

Targets = Mapping[str, Target | ResealError]


@dataclass(frozen=True, slots=True)
class Scores:
    """Both scores, the advice, and by table why there is none on it."""

    security: Score
    storage: Score
    advice: tuple[Advice, ...]
    no_advice: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return it as the command line prints it and the evidence keeps it."""
        return {
            "security": self.security.as_dict(),
            "storage": self.storage.as_dict(),
            "advice": [one.as_dict() for one in self.advice],
            "no_advice": dict(self.no_advice),
        }


def take_scores(
    access: Access,
    store: Store,
    about: Iterable[str],
    verified: Mapping[str, Verified],
    counted: Mapping[str, Census | Unknown] | None = None,
) -> Scores:
    """Take the scores of the named fields, and the integrity of all; raise ConnectionLost only.

    `counted` has by field what its rows hold; where it is None they are counted. `verified` tells
    what is known of verifications besides what the audit log has. No transaction is open meanwhile.
    """
    chosen, targets = list(about), _targets(access, store)
    counted = _counted(store, targets) if counted is None else counted
    tables = [one for name in chosen if isinstance(one := targets[name], Target)]
    reading = read_security(store, access.config, chosen, Known(targets, counted, verified))
    advice, no_advice = _advice(store, tables)
    return Scores(
        security(reading),
        storage_efficiency(read_storage(store, tables, counted)),
        advice,
        no_advice,
    )


def _targets(access: Access, store: Store) -> Targets:
    return {field.name: _target(access, store, field.name) for field in access.config.fields}


def _target(access: Access, store: Store, name: str) -> Target | ResealError:
    try:
        return access.target(store, name)
    except ConnectionLost:
        raise
    except (FieldError, StoreError) as error:
        return error


def _counted(store: Store, targets: Targets) -> dict[str, Census | Unknown]:
    return {
        name: known(partial(take_census, store, target))
        if isinstance(target, Target)
        else Unknown(str(target))
        for name, target in targets.items()
    }


def _advice(store: Store, targets: Iterable[Target]) -> tuple[tuple[Advice, ...], dict[str, str]]:
    """Return the advice, once where fields share a table, and why there is none on a table."""
    found: list[Advice] = []
    missing = {}
    for target in targets:
        given = known(partial(advise, store, target))
        if isinstance(given, Unknown):
            missing[target.field.qualified_table] = given.why
        else:
            found += given
    return once(found), missing
