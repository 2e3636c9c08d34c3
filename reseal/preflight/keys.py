"""Checks of the keys: do they load, are they the right ones, may they still be used."""

import hmac
import os

from reseal.errors import KekError, KekUnreachable, KeyringError
from reseal.kek import Kek
from reseal.keyring import MOST_SEALS, context
from reseal.preflight.question import Finding, Question, ok, refuse, warn
from reseal.preflight.subject import Subject
from reseal.store import data_key, key_use
from reseal.store.active_key import ActiveKey

WRAPPED = "SELECT version, wrapped FROM {reseal}.data_key WHERE wrapped IS NOT NULL LIMIT 1"

NO_KEY_YET = "none yet, the first encryption makes one"
_CONTEXT = b"preflight"
_LOCAL = frozenset({"file", "env"})


def kek(subject: Subject) -> Finding:
    """Look whether the KEK unwraps what it wraps; KekError where it does not load."""
    found = subject.access.kek()
    if not _has_keys(subject):
        return proven(found)
    # That it unwraps, the check of the keyring shows; a service is asked no more than it must be.
    found.wrap(os.urandom(32), _CONTEXT)
    return ok(f"{found.uri} wraps")


def keyring(subject: Subject) -> Finding:
    """Open every data key; KekError where the KEK is not the one that wrapped them."""
    if not _has_keys(subject):
        return ok(NO_KEY_YET)
    try:
        ring = subject.access.keyring(subject.store)
    except KeyringError as error:
        return refuse(str(error), "compare `reseal keys list` with the evidence of the last run")
    return ok(f"{len(ring.check_values)} open, {ring.active} active")


def expiry(subject: Subject) -> Finding:
    """Look whether the active key is past its date."""
    active = _active(subject)
    if active is None:
        return ok(NO_KEY_YET)
    value = f"key {active.version} until {active.last_day}"
    is_due = active.is_expired and not subject.plan.rotates
    return warn(value, "run `reseal rotate`") if is_due else ok(value)


def trusted(subject: Subject) -> Finding:
    """Look whether the active key is known to others."""
    active = _active(subject)
    if active is None:
        return ok(NO_KEY_YET)
    if not active.is_compromised:
        return ok(f"key {active.version} is not marked as compromised")
    value = f"key {active.version} was compromised"
    if subject.plan.rotates:
        return warn(value, "know that this rotation replaces it")
    return refuse(value, f"run `reseal rotate --compromised {active.version}`")


def seals(subject: Subject) -> Finding:
    """Look how often the active key has sealed: random IVs allow only so many."""
    active = _active(subject)
    if active is None:
        return ok(NO_KEY_YET)
    sealed = key_use.sealed(subject.store, active.version)
    planned = sum(field.census.unsettled for field in subject.fields)
    value = f"{sealed} so far, {planned} now"
    if sealed + planned >= MOST_SEALS and subject.plan.rotates:
        return warn(
            value, f"know that key {active.version} has sealed enough; a rotation replaces it"
        )
    if sealed + planned >= MOST_SEALS:
        return refuse(value, f"run `reseal rotate`: key {active.version} has sealed enough")
    return ok(value)


def backup_kek(subject: Subject) -> Finding:
    """Look whether the backup KEK unwraps what it wraps."""
    if subject.plan.skip_backup:
        return ok("not used")
    return proven(subject.access.backup_kek())


def separate(subject: Subject) -> Finding:
    """Look whether the two KEKs are two: one that leaks must not open both."""
    if subject.plan.skip_backup:
        return ok("not used")
    if _is_same(subject, subject.access.kek(), subject.access.backup_kek()):
        remedy = "make another for the backup: `openssl rand -base64 32`, set RESEAL_BACKUP_KEK"
        return refuse("the same key", remedy)
    return ok("two keys")


def backup(subject: Subject) -> Finding:
    """Look whether originals are kept, and if not, whether losing them is no loss."""
    if not subject.plan.skip_backup:
        return ok("taken and proven before the first row")
    if subject.plan.is_development:
        return warn("skipped", "know that this run cannot be rolled back")
    remedy = "leave --skip-backup out, or set RESEAL_ENVIRONMENT=development on a trial database"
    return refuse("skipped outside development", remedy)


def proven(found: Kek) -> Finding:
    """Look whether a KEK unwraps what it wraps."""
    material = os.urandom(32)
    if hmac.compare_digest(found.unwrap(found.wrap(material, _CONTEXT), _CONTEXT), material):
        return ok(f"{found.uri} wraps and unwraps")
    return refuse(f"{found.uri} gives other bytes back", "replace this key-encryption key")


def _is_same(subject: Subject, kek: Kek, other: Kek) -> bool:
    if kek.uri == other.uri:
        return True
    if _scheme(kek) != _scheme(other) and not {_scheme(kek), _scheme(other)} <= _LOCAL:
        # What a device or a service wraps, no other kind of key opens.
        return False
    try:
        other.unwrap(*_wrapped(subject, kek))
    except KekUnreachable:
        raise
    except KekError:
        return False
    return True


def _wrapped(subject: Subject, kek: Kek) -> tuple[bytes, bytes]:
    """Return something that the KEK has wrapped, with its context: a data key, if there is one."""
    if _has_keys(subject):
        version, wrapped = subject.store.need(WRAPPED)
        return wrapped, context(version)
    return kek.wrap(os.urandom(32), _CONTEXT), _CONTEXT


def _scheme(one: Kek) -> str:
    return one.uri.partition(":")[0]


def _has_keys(subject: Subject) -> bool:
    return data_key.exists(subject.store)


def _active(subject: Subject) -> ActiveKey | None:
    return ActiveKey.find(subject.store) if _has_keys(subject) else None


KEY_CHECKS = (
    Question("keys: kek", "wraps and unwraps", kek),
    Question("keys: keyring", "every key opens, one is active", keyring),
    Question("keys: expiry", "not past", expiry),
    Question("keys: trusted", "known to no one else", trusted),
    Question("keys: seals", f"below {MOST_SEALS}", seals),
    Question("keys: backup kek", "wraps and unwraps", backup_kek),
    Question("keys: separate", "two different keys", separate),
    Question("keys: backup", "not skipped outside development", backup),
)
