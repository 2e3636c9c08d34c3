"""What is measured beside the rows' facts, for suites to judge: what of what, and how much.

A measure is a number under a name. It holds no secret, no envelope and no part of one.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from reseal import guard, shield
from reseal.backup import table as backup_table
from reseal.backup.unmet import Unmet, find_unmet
from reseal.imprints import Ivs
from reseal.judge import Facts
from reseal.keyring import KeyState
from reseal.probes import Probed
from reseal.store import key_use, quarantine, reader
from reseal.store.catalog import Target
from reseal.store.store import Store

KEYS = """
SELECT version, state, compromised IS NOT NULL, coalesce(expires <= clock_timestamp(), false)
FROM {reseal}.data_key WHERE wrapped IS NOT NULL ORDER BY version
"""


class What(StrEnum):
    """What is measured."""

    IVS = "initialisation vectors"
    ORIGINALS = "originals"
    BACKUP = "backup"
    PROBES = "probes"
    CODES = "codes"
    QUARANTINE = "quarantine"
    GUARD = "guard"
    SHIELD = "shield"
    STATE = "state"
    SEALS = "seals"
    PERIOD = "period"
    READERS = "readers"
    GATES = "gates"


class Measure(NamedTuple):
    """How much there is of something; `key_version` is 0 where it is of no key."""

    what: What
    of: str
    amount: int
    key_version: int = 0


def of_ivs(ivs: Mapping[int, Ivs]) -> list[Measure]:
    """Tell of how many envelopes the ivs were compared, and how many repeat another's."""
    return [
        Measure(What.IVS, of, count, version)
        for version, found in sorted(ivs.items())
        for of, count in found._asdict().items()
    ]


def of_originals(store: Store, target: Target, run_id: UUID, facts: Facts) -> list[Measure]:
    """Account for the originals of a run: those whose row was met, was emptied or is gone."""
    backed_up = backup_table.count(store, run_id, target.field.name)
    met = sum(rows for fact, rows in facts.items() if fact.backed_up)
    # The look for the others takes as long as a look at all of the backup.
    unmet = find_unmet(store, target, run_id) if backed_up != met else Unmet()
    counts = {"backed up": backed_up, "met": met, **unmet._asdict()}
    return [Measure(What.ORIGINALS, of, count) for of, count in counts.items()]


def of_backup(store: Store, run_id: UUID, field: str) -> list[Measure]:
    """Tell how many originals are kept and, once a restore has proven them, how many that had."""
    found = backup_table.find(store, run_id, field)
    if found is None:
        return []
    kept = [Measure(What.BACKUP, "kept", backup_table.count(store, run_id, field))]
    if found.is_proven and found.rows is not None:
        kept.append(Measure(What.BACKUP, "restored", found.rows))
    return kept


def of_probes(probed: Probed) -> list[Measure]:
    """Tell of each probe whether it came out right, and of the sampled codes."""
    tried = [Measure(What.PROBES, said, int(right)) for said, right in probed.results.items()]
    codes = probed.codes._asdict() if probed.codes else {}
    return tried + [Measure(What.CODES, of, count) for of, count in codes.items()]


def of_quarantine(store: Store, field: str) -> list[Measure]:
    """Tell how many rows are set aside, and how many more were accepted as they are."""
    aside, accepted = quarantine.counted(store, field)
    counts = {"set aside": aside, "accepted": accepted}
    return [Measure(What.QUARANTINE, of, count) for of, count in counts.items()]


def of_guard(store: Store, target: Target) -> list[Measure]:
    """Tell whether the guard was raised, by the audit log, and whether it holds for all rows."""
    was_raised, holds = guard.was_raised(store, target), guard.holds(store, target)
    return [
        Measure(What.GUARD, "raised", int(was_raised)),
        Measure(What.GUARD, "holds", int(holds)),
    ]


def of_shield(store: Store, target: Target, why_not: str | None) -> list[Measure]:
    """Tell whether the shield stands, and whether the run has said why it does not."""
    return [
        Measure(What.SHIELD, "stands", int(shield.stands(store, target))),
        Measure(What.SHIELD, "left out for a reason", int(why_not is not None)),
    ]


def of_keys(store: Store) -> list[Measure]:
    """Tell of each key its state, how often it has sealed, and whether others know it.

    Of the one that seals, tell whether it is past its date as well.
    """
    found: list[Measure] = []
    for version, state, is_known, is_expired in store.execute(KEYS).fetchall():
        found += [
            Measure(What.STATE, state, 1, version),
            Measure(What.STATE, "known to others", int(is_known), version),
            Measure(What.SEALS, "in all", key_use.sealed(store, version), version),
        ]
        if state == KeyState.ACTIVE:
            found.append(Measure(What.PERIOD, "expired", int(is_expired), version))
    return found


def of_readers(
    store: Store, version: int, check_value: bytes, let_go: Collection[str] = ()
) -> list[Measure]:
    """Tell how many applications are live, and how many of them do not open a key version.

    Those that were `let_go` when it took over are not counted among the latter.
    """
    live = reader.live(store, version)
    closed = [name for name, value in live.items() if value != check_value.hex()]
    counts = {"live": len(live), "do not open": len(set(closed) - set(let_go))}
    return [Measure(What.READERS, of, count, version) for of, count in counts.items()]


def of_gates(gates: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Measure]:
    """Tell which gates are open before each key; the keys are version numbers in text."""
    return [
        Measure(What.GATES, gate["name"], int(gate["verdict"] == "pass"), int(version))
        for version, found in gates.items()
        for gate in found
    ]
