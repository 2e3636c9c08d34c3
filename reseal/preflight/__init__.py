"""Look before anything is written: named checks, each with value, limit, verdict, remedy."""

from contextlib import closing

from reseal.access import Access
from reseal.errors import FieldError, StoreError
from reseal.field import Field
from reseal.preflight.activity import ACTIVITY_CHECKS
from reseal.preflight.check import Check, Report, Verdict
from reseal.preflight.checks import CHECK_CHECKS
from reseal.preflight.column import COLUMN_CHECKS
from reseal.preflight.content import CONTENT_CHECKS
from reseal.preflight.copies import COPIES_CHECKS
from reseal.preflight.described import DESCRIBED_CHECKS, misdescribed
from reseal.preflight.growth import growth
from reseal.preflight.guarded import GUARD_CHECKS
from reseal.preflight.inheritance import INHERITANCE_CHECKS
from reseal.preflight.keys import KEY_CHECKS
from reseal.preflight.local import LOCAL_CHECKS
from reseal.preflight.rights import FIELD_RIGHTS_CHECKS, RIGHTS_CHECKS
from reseal.preflight.room import ROOM_CHECKS
from reseal.preflight.runners import READER_CHECKS, RUNNER_CHECKS
from reseal.preflight.server import SERVER_CHECKS
from reseal.preflight.subject import FieldSubject, PreflightPlan, Subject, count
from reseal.preflight.table import TABLE_CHECKS
from reseal.preflight.triggers import TRIGGER_CHECKS
from reseal.store.catalog import describe
from reseal.store.store import Store

RUN_CHECKS = (
    *LOCAL_CHECKS,
    *SERVER_CHECKS,
    *ACTIVITY_CHECKS,
    *RIGHTS_CHECKS,
    *KEY_CHECKS,
    *READER_CHECKS,
)

FIELD_CHECKS = (
    *DESCRIBED_CHECKS,
    *FIELD_RIGHTS_CHECKS,
    *TRIGGER_CHECKS,
    *INHERITANCE_CHECKS,
    *TABLE_CHECKS,
    *ROOM_CHECKS,
    *CHECK_CHECKS,
    *COLUMN_CHECKS,
    *CONTENT_CHECKS,
    *COPIES_CHECKS,
    *GUARD_CHECKS,
    *RUNNER_CHECKS,
)


def run_preflight(access: Access, fields: tuple[Field, ...], plan: PreflightPlan) -> Report:
    """Ask every check; nothing is changed.

    Raise ConfigurationError where a key-encryption key is missing or not the right one, and
    ConnectionLost where the server goes away.
    """
    with closing(access.store("preflight", read_only=True)) as store:
        subjects, faults = _described(access, store, plan, fields)
        whole = Subject(access, store, plan, tuple(subjects))
        checks = [question.ask(whole) for question in RUN_CHECKS] + faults
        for subject in subjects:
            checks += [question.ask(subject) for question in FIELD_CHECKS]
        counted = [subject for subject in subjects if not isinstance(subject.counted, StoreError)]
        expected = {subject.name: growth(subject) for subject in counted}
    censuses = {subject.name: subject.census for subject in counted}
    return Report(tuple(checks), censuses, expected)


def _described(
    access: Access, store: Store, plan: PreflightPlan, fields: tuple[Field, ...]
) -> tuple[list[FieldSubject], list[Check]]:
    subjects: list[FieldSubject] = []
    faults: list[Check] = []
    for field in fields:
        try:
            subjects.append(count(access, store, plan, describe(store, field)))
        except FieldError as error:
            faults += misdescribed(field, error)
    return subjects, faults


__all__ = ["Check", "PreflightPlan", "Report", "Verdict", "run_preflight"]
