"""A question in the database, and the one answer to it that stands."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.approval.answer import Answer, Decision, Way, named, reasoned
from reseal.approval.give import give, is_own
from reseal.audit.verify import verify_log
from reseal.config import parse_config
from reseal.errors import ConfigurationError, ResealError
from reseal.store import approval
from reseal.store.approval import Question
from tests.conftest import USERS_FIELD

RUN = uuid4()
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ASKED = Question(RUN, NOW, "Ada", "ada", "desk", NOW + timedelta(days=1), {"fields": {}})
YES = Answer(
    Decision.APPROVED, NOW, "Grace Hopper", "seen", Way.COMMAND, "grace", "mainframe", "postgres"
)
NO = replace(YES, decision=Decision.REJECTED, name="Ada Lovelace", reason="not on a Friday")
EVENTS = "SELECT action, actor, detail ->> 'name' FROM reseal.event WHERE run_id = %s ORDER BY 1"


@pytest.fixture
def asked(store, access):
    """A store where a run that is alive has asked."""
    approval.ask(store, ASKED)
    with closing(access.store(f"run {RUN}")):
        yield store


def test_an_answer_stands_with_all_that_is_known_of_who_gave_it(asked, admin):
    assert give(asked, RUN, YES)
    assert approval.find(asked, RUN) == (ASKED, YES)
    assert admin.execute(EVENTS, [RUN]).fetchall() == [
        ("approval asked", "Ada", None),
        ("approved", "grace", "Grace Hopper"),
    ]
    assert verify_log(asked).faults == []


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (YES, "was approved by Grace Hopper at 2026-11-28 12:00 UTC, and that stands"),
        (NO, "was rejected by Ada Lovelace at"),
        (Answer(Decision.TIMED_OUT, NOW), "nobody answered until 2026-11-28 12:00 UTC"),
        (Answer(Decision.WITHDRAWN, NOW), "it was stopped at 2026-11-28 12:00 UTC"),
    ],
)
def test_a_second_answer_is_told_of_the_first(asked, first, says):
    assert approval.decide(asked, RUN, first, "ada")
    with pytest.raises(ConfigurationError, match=says):
        give(asked, RUN, NO)
    assert approval.find(asked, RUN) == (ASKED, first)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reseal.approval SET decision = 'rejected'",
        "UPDATE reseal.approval SET name = 'Eve'",
        "DELETE FROM reseal.approval",
        "TRUNCATE reseal.approval",
    ],
)
def test_nobody_edits_an_answer(asked, statement):
    give(asked, RUN, YES)
    with pytest.raises(ResealError):
        asked.execute(statement)
    assert approval.find(asked, RUN) == (ASKED, YES)


def test_nobody_edits_what_was_asked(asked):
    with pytest.raises(ResealError):
        asked.execute("UPDATE reseal.approval SET plan = '{{}}', asked_by = 'Eve'")
    assert approval.find(asked, RUN) == (ASKED, None)


def test_who_looks_sees_what_waits_now(asked):
    (found,) = approval.waiting(asked)
    assert found == {"run_id": RUN, "asked_by": "Ada", "asked": NOW, "until": ASKED.until}
    approval.ask(asked, replace(ASKED, run_id=uuid4()))
    assert len(approval.waiting(asked)) == 1
    give(asked, RUN, YES)
    assert approval.waiting(asked) == []


def test_a_run_that_is_dead_is_not_answered(store):
    approval.ask(store, ASKED)
    with pytest.raises(ConfigurationError, match="its process has ended"):
        give(store, RUN, YES)
    assert approval.find(store, RUN) == (ASKED, None)


def test_where_nothing_was_asked_the_answer_must_go_another_way(store):
    assert not give(store, uuid4(), YES)


def test_where_there_is_no_schema_nothing_is_made_for_an_answer(access, admin):
    with closing(access.store("test")) as bare:
        assert not give(bare, RUN, YES)
    assert admin.execute("SELECT to_regnamespace('reseal')").fetchone() == (None,)


OWN = {
    "her name": replace(YES, name="ADA"),
    "her account": replace(YES, os_user="ada", host="desk"),
}


@pytest.mark.parametrize("answer", OWN.values(), ids=OWN)
def test_who_started_a_run_does_not_approve_it_where_another_person_is_asked_for(asked, answer):
    with pytest.raises(ConfigurationError, match=f"Ada started run {RUN}, and by_another"):
        give(asked, RUN, answer, by_another=True)
    assert give(asked, RUN, replace(answer, decision=Decision.REJECTED), by_another=True)


def test_the_same_account_on_another_host_is_another_person():
    assert not is_own(replace(YES, os_user="ada", host="laptop"), ASKED)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\x1b\x07", "x" * 201])
def test_a_name_is_needed(text):
    with pytest.raises(ConfigurationError, match="name"):
        named(text)


@given(st.text(max_size=100))
def test_what_is_kept_is_one_line_that_a_terminal_may_show(text):
    kept = reasoned(text)
    assert kept == "" or (kept.isprintable() and len(kept.splitlines()) == 1)
    assert reasoned(kept) == kept


def of_config(**said):
    return parse_config({"approval": said, "field": [USERS_FIELD]})


def test_another_person_is_asked_for_by_the_configuration_alone():
    assert of_config(by_another=True).approval_by_another
    assert not of_config().approval_by_another


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"by": 1}, "unknown word 'by' in [approval]"),
        ({"by_another": 1}, "by_another in [approval] must be a boolean"),
        ({"by_another": "true"}, "by_another in [approval] must be a boolean"),
    ],
)
def test_a_fault_in_the_configuration_is_named(said, says):
    with pytest.raises(ConfigurationError) as caught:
        of_config(**said)
    assert says in str(caught.value)
