"""What a task changes is entered in the audit log, or it is not changed."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from reseal import guard
from reseal.access import Access
from reseal.audit.action import Action
from reseal.errors import ResealError
from reseal.store.store import Store
from tasks import backup, compromise, keys, table
from tasks.run import Run, under_way
from tests.reseal.test_audit_actions import GOES_ON, REFUSES
from tests.runs import run_of

FIELD = "users.mfa_secret"
STATE = """
SELECT array_agg(k::text ORDER BY version), (SELECT array_agg(s::text) FROM reseal.backup_set AS s)
FROM reseal.data_key AS k
"""
ENTERED = (
    "SELECT action, run_id, correlation FROM reseal.event WHERE event_id > 1 ORDER BY event_id"
)
GUARD = "ALTER TABLE users ADD CONSTRAINT {} CHECK (true)"


@pytest.fixture
def run(access: Access, store: Store, tmp_path: Path) -> Iterator[Run]:
    made = run_of("rotate_keys", access, store, tmp_path)
    with under_way(made):
        yield made


def test_all_or_nothing(run: Run, admin: psycopg.Connection):
    steps: dict[Action, Callable[[], object]] = {
        Action.BACKUP_BEGUN: partial(backup.begin_backup.fn, FIELD),
        Action.KEY_STAGED: partial(keys.stage_key.fn, 0),
        Action.KEY_ACTIVATED: partial(keys.activate_key.fn, 2),
        Action.KEY_COMPROMISED: partial(compromise.mark_compromised.fn, 1),
    }
    for action, step in steps.items():
        before = admin.execute(STATE).fetchone()
        admin.execute(REFUSES.format(action.value).encode())
        with pytest.raises(ResealError):
            step()
        assert admin.execute(STATE).fetchone() == before, action
        admin.execute(GOES_ON.encode())
        step()
        assert admin.execute(STATE).fetchone() != before, action

    expected = [(action, run.run_id, run.run_id) for action in steps]
    assert admin.execute(ENTERED).fetchall() == expected


def test_what_is_taken_off_the_application_s_table_is_entered(run: Run, admin: psycopg.Connection):
    target = run.access.target(run.store, FIELD)
    name = guard.guard_name(target)
    admin.execute(GUARD.format(name).encode())

    table.make_way.fn(FIELD)
    # Where it does not stand there is nothing to tell.
    table.make_way.fn(FIELD)
    table.lower_shield.fn(FIELD)
    actions = [action for action, *_ in admin.execute(ENTERED).fetchall()]
    assert actions == ["guard dropped", "shield dropped"]
