"""What the connected role may do, and which grant is missing for which purpose."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from reseal.access import Access
from reseal.doctor.diagnosis import Line, asked, of_check, told
from reseal.errors import FieldError, StoreError
from reseal.field import Field
from reseal.modes import Mode
from reseal.preflight.described import misdescribed
from reseal.preflight.question import Finding, ok, warn
from reseal.preflight.rights import FIELD_RIGHTS_CHECKS, RIGHTS_CHECKS, ROLE
from reseal.preflight.subject import FieldSubject, PreflightPlan, Subject
from reseal.residue.server_files import MAY_READ, STATEMENTS
from reseal.store.catalog import describe
from reseal.store.heap import relations_of
from reseal.store.store import Store

PURPOSES = {
    "rights: schema": "Reseal's own tables",
    "rights: read": "every command",
    "rights: update": "encrypt, rotate, rollback",
    "rights: owner": "encrypt, rollback: constraint, trigger, index, VACUUM",
    "rights: row security": "every command",
    "rights: triggers": 'fields with triggers = "skip"',
}

MONITORS = "SELECT pg_has_role('pg_monitor', 'USAGE')"

# Before version 15 there is no role for it.
CHECKPOINTS = """
SELECT bool_or(rolname = current_user AND rolsuper
               OR rolname = 'pg_checkpoint' AND pg_has_role(oid, 'USAGE')) FROM pg_roles
"""

_NOTHING_COUNTED = StoreError("the rows were not counted")


class Capability(NamedTuple):
    """A right that a run can do without: what it is for, how it is asked, what grants it."""

    name: str
    purpose: str
    query: str
    remedy: str


CAPABILITIES = (
    Capability(
        "rights: monitor", "the pace, health, pool: sessions of others, standbys", MONITORS,
        "GRANT pg_monitor TO {role}",
    ),
    Capability(
        "rights: statements", "optimise: what is asked at login", STATEMENTS,
        "CREATE EXTENSION pg_stat_statements, or name the queries in [optimise] of reseal.toml",
    ),
    Capability(
        "rights: files", "clean, residue: old secrets in the server's files", MAY_READ,
        "GRANT EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint, boolean) TO {role}; "
        "without it these are not verified",
    ),
    Capability(
        "rights: checkpoint", "clean, residue: what is only in the server's memory", CHECKPOINTS,
        "GRANT pg_checkpoint TO {role} (from PostgreSQL 15 on)",
    ),
)  # fmt: skip


def of_role(access: Access, store: Store) -> Iterator[Line]:
    """Yield what a run needs of the role, field by field, and what it can do without."""
    plan = PreflightPlan(Mode.SAFE)
    whole = Subject(access, store, plan, ())
    yield from (asked(one, whole, PURPOSES[one.name]) for one in RIGHTS_CHECKS)
    for field in access.config.fields:
        yield from _of_field(access, store, plan, field)
    for one in CAPABILITIES:
        yield told(one.name, partial(_can, store, one), one.purpose)


def _of_field(access: Access, store: Store, plan: PreflightPlan, field: Field) -> Iterator[Line]:
    try:
        target = describe(store, field)
        relations = relations_of(store, target.oid)
    except FieldError as error:
        yield of_check(misdescribed(field, error)[-1], None)
        return
    except StoreError as error:
        yield told(f"field {field.name}", partial(_unseen, error))
        return
    subject = FieldSubject(access, store, plan, target, relations, _NOTHING_COUNTED)
    yield from (asked(one, subject, PURPOSES[one.name]) for one in FIELD_RIGHTS_CHECKS)


def _unseen(error: StoreError) -> Finding:
    return warn(str(error), "see that the role may look at the catalog, and run this again")


def _can(store: Store, one: Capability) -> Finding:
    role = str(store.need(ROLE)[0])
    if store.need(one.query)[0]:
        return ok(role)
    return warn(f"{role} lacks it", one.remedy.format(role=role))
