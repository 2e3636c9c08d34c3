"""The whole log in a real database, after somebody has laid hands on it as only its owner can."""

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest

from reseal.audit.action import Action
from reseal.audit.excerpt import export
from reseal.audit.link import Head
from reseal.audit.noted import noted_heads
from reseal.audit.verify import verify_log
from reseal.evidence.manifest import AUDIT
from reseal.evidence.shelf import LocalShelf
from reseal.evidence.statement import STATEMENT
from reseal.store.event import Event, append

# After the event of the first key, which is number 1.
EVENTS = 8


@pytest.fixture
def log(store):
    for number in range(2, EVENTS + 1):
        append(store, Event(None, "ada", Action.SEALED, {"rows": number, "share": 0.5}))
    return store


def tamper(admin, statement: str) -> None:
    """Edit the log with everything that protects it out of the way, and put that back."""
    admin.execute(
        f"""ALTER TABLE reseal.event DISABLE TRIGGER USER; {statement};
            ALTER TABLE reseal.event ENABLE TRIGGER chained,
                ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER append_only_whole"""
    )


def close(bundle: Path) -> None:
    bundle.mkdir()
    (bundle / STATEMENT).touch()


def said(log, *noted: Head) -> list[str]:
    return [fault.said for fault in verify_log(log, dict.fromkeys(noted, "")).faults]


def test_an_untouched_log_is_whole(log):
    walk = verify_log(log)

    assert (walk.faults, walk.head.events) == ([], EVENTS)
    assert said(log, walk.head) == []


EDITS = (
    "actor = 'eve'", "account = NULL", "role = 'nobody'", "action = 'approved'", "detail = '{}'",
    "detail = jsonb_set(detail, '{rows}', '6.0')",
    "detail = jsonb_set(detail, '{share}', '0.5000000000000000001')",
    "detail = jsonb_set(detail, '{rows}', '1e5000')",
    "at = at + interval '1 microsecond'", "at = 'infinity'", "at = at - interval '4052 years'",
    "run_id = gen_random_uuid()", "correlation = gen_random_uuid()", "previous = hash",
    "hash = previous", "hash = ''",
)  # fmt: skip

# What was taken away, moved or added, and what is told first of it.
HANDS = {
    "DELETE FROM reseal.event WHERE event_id IN (4, 5)": "events 4 to 5 are missing",
    "UPDATE reseal.event SET event_id = 9 WHERE event_id = 4": "event 4 is missing",
    """UPDATE reseal.event SET event_id = -event_id WHERE event_id IN (4, 5);
       UPDATE reseal.event SET event_id = 9 + event_id WHERE event_id < 0""":
        "event 4 was changed",
    """INSERT INTO reseal.event SELECT 9, run_id, correlation, actor, account, role, action,
       detail, at, previous, hash FROM reseal.event WHERE event_id = 8""": "event 9 was changed",
    **{f"UPDATE reseal.event SET {edit} WHERE event_id = 6": "event 6 was changed"
       for edit in EDITS},
}  # fmt: skip


def test_whatever_an_owner_does_to_it_is_named(log, admin):
    admin.execute("CREATE TABLE kept AS SELECT * FROM reseal.event")
    for statement, first in HANDS.items():
        tamper(admin, statement)
        assert said(log)[0] == first, statement
        tamper(admin, "DELETE FROM reseal.event; INSERT INTO reseal.event SELECT * FROM kept")
        assert said(log) == [], statement


def test_what_protects_the_log_must_stand(log, admin):
    admin.execute("ALTER TABLE reseal.event DISABLE TRIGGER append_only, DISABLE TRIGGER chained")
    admin.execute("DROP TRIGGER append_only_whole ON reseal.event")

    assert said(log) == [
        "the trigger append_only is off or gone, so that events can be changed and deleted",
        "the trigger append_only_whole is off or gone, so that the log can be emptied",
        "the trigger chained is off or gone, so that events can be added that are not chained",
    ]


def test_the_heads_in_the_evidence_tell_of_an_end_that_is_gone(log, admin, tmp_path):
    run_id, other = uuid4(), uuid4()
    for one in (run_id, other):
        append(log, Event(one, "ada", Action.RUN_FINISHED, {}, one))
        close(tmp_path / str(one))
        export(log, one, tmp_path / str(one) / AUDIT)
    close(tmp_path / "broken")
    (tmp_path / "broken" / AUDIT).write_text(json.dumps({"head": {"event": "9"}}))
    (tmp_path / "under way").mkdir()
    (tmp_path / "under way" / AUDIT).touch()

    noted = noted_heads(LocalShelf(tmp_path))
    assert verify_log(log, noted.heads).holds
    assert noted.unreadable == ["broken/audit.json of the evidence holds no head of an audit log"]
    tamper(admin, f"DELETE FROM reseal.event WHERE event_id = {EVENTS + 2}")
    (fault,) = verify_log(log, noted.heads).faults
    assert fault.said == (
        f"the log ends with event {EVENTS + 1}, before event {EVENTS + 2}, whose head was noted "
        f"by run {other}"
    )


def test_psql_alone_can_check_it_as_the_specification_says(log, admin):
    text = (Path(__file__).parents[2] / "docs" / "format.md").read_text()
    (query,) = re.findall(r"```sql\n(SELECT event_id .*?)```", text, re.DOTALL)

    assert admin.execute(query).fetchall() == []
    tamper(admin, "UPDATE reseal.event SET actor = 'eve' WHERE event_id = 5")
    tamper(admin, "DELETE FROM reseal.event WHERE event_id = 3")
    assert admin.execute(query).fetchall() == [(4,), (5,)]
