"""Read what the security score is computed from; nothing is written, no value is read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Self, TypeVar

from reseal import guard, shield
from reseal.census import Census
from reseal.config import Config
from reseal.errors import FieldError, ResealError
from reseal.scores.finding import NO_KEY, Unknown
from reseal.scores.known import known
from reseal.scores.reading import (
    Backups,
    FieldReading,
    KeyReading,
    Readers,
    Residue,
    SecurityReading,
    Standing,
    Verified,
)
from reseal.store import key_use, quarantine, reader, schema
from reseal.store.active_key import ActiveKey
from reseal.store.catalog import Target
from reseal.store.store import Store

# One whose copies are there opens from them, though it was shredded here.
BACKUPS = """
SELECT count(*), count(*) FILTER (WHERE expires <= clock_timestamp())
FROM {reseal}.backup_set WHERE wrapped IS NOT NULL OR copies <> '{{}}'
"""

VALIDATED = """
SELECT (detail ->> 'broken')::bigint, at FROM {reseal}.event
WHERE action = 'validated' AND detail ->> 'field' = %s
  AND jsonb_typeof(detail -> 'broken') = 'number' ORDER BY event_id DESC LIMIT 1
"""

CLEANED = """
SELECT detail, at FROM {reseal}.event
WHERE action = 'cleaned' AND detail ->> 'field' = %s ORDER BY event_id DESC LIMIT 1
"""

# Functions that can be reached in no other way than through the schema are not asked about.
PUBLIC = """
SELECT DISTINCT 'schema ' || quote_ident(n.nspname) AS what
FROM pg_namespace AS n CROSS JOIN LATERAL aclexplode(n.nspacl) AS granted
WHERE n.nspname = %(schema)s AND granted.grantee = 0
UNION ALL
SELECT DISTINCT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(c.relacl) AS granted
WHERE n.nspname = %(schema)s AND granted.grantee = 0 ORDER BY what
"""

Made = TypeVar("Made")

_NO_SCHEMA = Unknown("Reseal has no schema in this database yet; the first encryption makes it")
_NEVER_VERIFIED = Unknown("no verification is known; run `reseal verify`")
_NEVER_CLEANED = Unknown("no cleaning has looked for it")


@dataclass(frozen=True, slots=True)
class Known:
    """What the caller knows of fields by their names: targets or faults, counts, verifications.

    A fault in the field's description is a FieldError; any other says that it could not be read.
    """

    targets: Mapping[str, Target | ResealError]
    counted: Mapping[str, Census | Unknown]
    verified: Mapping[str, Verified]


def read_security(
    store: Store, config: Config, about: Iterable[str], given: Known
) -> SecurityReading:
    """Read all registered fields; the score is about the named ones."""
    ours = Ours.of(store)
    return SecurityReading(
        now=quarantine.now(store),
        fields=tuple(_field(ours, field.name, given) for field in config.fields),
        about=frozenset(about),
        key=ours.read(partial(_key, store)),
        backups=ours.read(lambda: Backups(*store.need(BACKUPS))),
        readers=ours.read(partial(_readers, store)),
        public=ours.read(partial(_public, store)),
    )


@dataclass(frozen=True, slots=True)
class Ours:
    """Reseal's own schema; `missing` is why it cannot be read, where that is so."""

    store: Store
    missing: Unknown | None

    @classmethod
    def of(cls, store: Store) -> Self:
        """Look whether there is one, and whether one may look."""
        exists = known(partial(schema.exists, store))
        if isinstance(exists, Unknown):
            return cls(store, exists)
        return cls(store, None if exists else _NO_SCHEMA)

    def read(self, read: Callable[[], Made | Unknown]) -> Made | Unknown:
        """Return what is read in the schema, or why it is not."""
        return known(read) if self.missing is None else self.missing


def _field(ours: Ours, name: str, given: Known) -> FieldReading:
    store = ours.store
    fault, census, standing = _seen(store, given.targets[name], given.counted[name])
    validated = ours.read(partial(_validated, store, name))
    return FieldReading(
        name=name,
        fault=fault,
        census=census,
        verified=_latest(given.verified.get(name), validated),
        standing=standing,
        quarantine=ours.read(partial(quarantine.counted, store, name)),
        residue=ours.read(partial(_cleaned, store, name)),
    )


def _seen(
    store: Store, target: Target | ResealError, census: Census | Unknown
) -> tuple[str | None, Census | Unknown, Standing | Unknown]:
    """Return what is wrong with a field's description, what it holds, and what guards it."""
    if isinstance(target, ResealError):
        why = Unknown(str(target))
        return (why.why if isinstance(target, FieldError) else None), why, why
    return None, census, known(partial(standing, store, target))


def _latest(given: Verified | None, entered: Verified | Unknown) -> Verified | Unknown:
    if given is None:
        return entered
    if isinstance(entered, Unknown):
        return given
    return max(given, entered, key=lambda one: one.at)


def _validated(store: Store, name: str) -> Verified | Unknown:
    row = store.one(VALIDATED, [name])
    return Verified(*row) if row else _NEVER_VERIFIED


def standing(store: Store, target: Target) -> Standing:
    """Say what keeps plaintext out of a column."""
    if guard.holds(store, target):
        return Standing.GUARD
    if guard.stands(store, target):
        return Standing.UNPROVEN_GUARD
    return Standing.SHIELD if shield.stands(store, target) else Standing.NOTHING


def _cleaned(store: Store, name: str) -> Residue | Unknown:
    row = store.one(CLEANED, [name])
    return _residue(*row) if row else _NEVER_CLEANED


def _residue(said: dict[str, Any], at: datetime) -> Residue:
    found = said.get("found")
    places = said.get("not_verified")
    return Residue(
        found if isinstance(found, int) else None,
        tuple(map(str, places)) if isinstance(places, list) else (),
        at,
    )


def _key(store: Store) -> KeyReading | Unknown:
    key = ActiveKey.find(store)
    if key is None:
        return NO_KEY
    seals = key_use.sealed(store, key.version)
    return KeyReading(key.version, key.since, key.expires, key.is_compromised, seals)


def _readers(store: Store) -> Readers:
    live, plain = reader.count_live(store)
    return Readers(live, live - plain, len(reader.refusing_plaintext(store)))


def _public(store: Store) -> tuple[str, ...]:
    return tuple(what for (what,) in store.execute(PUBLIC, {"schema": store.schema}))
