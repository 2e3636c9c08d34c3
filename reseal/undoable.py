"""Whether a run can be rolled back, asked before anything is written; and if not, what to do."""

from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple

from reseal import guard, shield
from reseal.backup import table
from reseal.backup.cipher import BackupCipher
from reseal.errors import ConfigurationError, KekError, KekUnreachable, Refused
from reseal.kek import Kek
from reseal.key_change import has_changed_key, need_previous
from reseal.keyring import KeyState
from reseal.store import data_key, ledger, reader
from reseal.store.catalog import Target
from reseal.store.ledger import RunRecord
from reseal.store.store import Store

# The flow whose runs put originals back.
ROLLBACK = "rollback_run"

# What PostgreSQL asks for before it alters a table (manual, ALTER TABLE).
NOT_OURS = """
SELECT c.oid::regclass::text, pg_get_userbyid(c.relowner) FROM pg_class c
WHERE c.oid = ANY (%s::oid[]) AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1
"""

_GONE = frozenset({KeyState.DISABLED, KeyState.DESTROYED})


class Undoing(Enum):
    """How a run is undone: by what it did, whichever flow it was of."""

    RESTORE = auto()
    """It sealed: its originals are put back."""
    TURN_BACK = auto()
    """It changed the key: the one before takes over again."""
    SEAL_AGAIN = auto()
    """It put originals back: they are sealed again."""


class Undoable(NamedTuple):
    """A run that can be rolled back, and how."""

    record: RunRecord
    how: Undoing


def need_undoable(
    store: Store, text: str, backup_kek: Kek, *, newer: bool, has_schema: bool = True
) -> Undoable:
    """Return the run if it can be rolled back, or raise why it cannot.

    `newer` says that the plaintext of what was sealed since is to be written too. Raise KekError
    where the key-encryption key does not open the run's backup.
    """
    record = ledger.find(store, ledger.parse_run_id(text), has_schema=has_schema)
    how = _how(store, record)
    if how is Undoing.TURN_BACK:
        need_previous(store, record.run_id)
    elif how is Undoing.RESTORE:
        for name in record.fields:
            _need_backup(store, record, name, backup_kek)
            _need_keys(store, record, name, newer=newer)
    return Undoable(record, how)


def _how(store: Store, record: RunRecord) -> Undoing:
    if has_changed_key(store, record):
        return Undoing.TURN_BACK
    # A rollback that was rolled back has sealed, and so has a backup of its own.
    has_sealed = any(table.find(store, record.run_id, name) for name in record.fields)
    is_rollback = record.flow == ROLLBACK and not has_sealed
    return Undoing.SEAL_AGAIN if is_rollback else Undoing.RESTORE


def need_way(store: Store, targets: Iterable[Target]) -> None:
    """Raise Refused where plaintext, once it is back, could not stand or could not be read."""
    for target in targets:
        _need_removable(store, target)
    refusing = reader.refusing_plaintext(store)
    if refusing:
        raise Refused(
            f"{', '.join(refusing)} refuse plaintext, so nobody could log in there after a "
            "rollback; deploy them with Vault.connect(plaintext='allow', seals=False) first"
        )


def _need_backup(store: Store, record: RunRecord, name: str, kek: Kek) -> None:
    found = table.find(store, record.run_id, name)
    if found is None:
        raise ConfigurationError(f"run {record.run_id} has no backup of field {name!r}")
    if found.wrapped is None:
        raise Refused(
            f"the backup of run {record.run_id} was shredded, so its originals are gone for good; "
            "what it sealed still opens"
        )
    try:
        BackupCipher.unwrap(record.run_id, name, kek, found.wrapped)
    except KekUnreachable:
        raise
    except KekError:
        pass
    else:
        return
    raise KekError(
        f"{kek.uri} does not open the backup of run {record.run_id}, which was sealed under "
        f"{found.kek}: set RESEAL_BACKUP_KEK to the key of that time"
    )


def _need_keys(store: Store, record: RunRecord, name: str, *, newer: bool) -> None:
    """See to it that what the run wrote can be told from what was written since."""
    states = data_key.states(store)
    for version in sorted(ledger.key_versions(store, record.run_id, name)):
        state = states[version]
        if state not in _GONE or newer:
            continue
        otherwise = (
            f"`reseal keys retire {version}` brings it back, or "
            if state is KeyState.DISABLED
            else ""
        )
        raise Refused(
            f"key {version}, under which run {record.run_id} sealed {name!r}, is {state}, and what "
            f"stands there now was sealed since: {otherwise}--unseal-newer writes its plaintext"
        )


def _need_removable(store: Store, target: Target) -> None:
    standing = [
        what
        for what, stands in (
            ("guard constraint", guard.stands(store, target)),
            ("shield trigger", shield.stands(store, target)),
        )
        if stands
    ]
    if not standing:
        return
    for name, owner in store.execute(NOT_OURS, [target.oids]):
        raise Refused(
            f"the {' and the '.join(standing)} on {name} keep plaintext out, and only {owner} may "
            f"remove them: connect as {owner} or a member of it"
        )
