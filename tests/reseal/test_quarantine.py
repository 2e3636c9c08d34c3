"""Rows in quarantine: recorded by key, class and reason, accepted, met again, forgotten."""

import string
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.audit.action import Action
from reseal.audit.verify import verify_log
from reseal.census import Census
from reseal.envelope import Envelope
from reseal.errors import ConfigurationError, MalformedEnvelope, UnknownKeyVersion, WillNotOpen
from reseal.judge import Fact, Verdict
from reseal.quarantine.accept import Decision, accept
from reseal.quarantine.choice import Choice, parse_key, show_key
from reseal.quarantine.standing import accepted_census
from reseal.quarantine.trouble import SENTENCES, UNREADABLE, SetAside, Trouble, trouble_of
from reseal.shape import Shape
from reseal.store import event, quarantine
from reseal.sweep.turn import Turn
from reseal.verify import verify
from tests.reseal.scene import SEED, Scene

Known = dict[tuple[str, ...], Trouble]

BY = Decision("Grace Hopper", "test", "asked the user")
ALL = Choice(every=True)


def classes(scene: Scene) -> dict[str, Trouble]:
    return {row.row_key[0]: row.trouble for row in scene.records()}


def accepted(scene: Scene) -> set[str]:
    return {row.row_key[0] for row in scene.records() if row.accepted}


def damage(scene: Scene, row: int) -> None:
    envelope = Envelope.parse(str(scene.stored()[row]))
    scene.put(row, str(Envelope(envelope.key_version, envelope.iv, bytes(16), envelope.ciphertext)))


def test_each_trouble_has_its_class(scene):
    scene.enrol("gAAAAAx", "hunter2", SEED, SEED, SEED, SEED)
    scene.admin.execute("ALTER TABLE users ADD CHECK (id <> 3 OR length(mfa_secret) < 100)")
    first = scene.sweep()
    assert (first.changed, first.quarantined) == (3, 3)
    scene.activate_next_key()
    damage(scene, 4)
    scene.put(5, str(scene.stored()[5])[:-8])
    envelope = Envelope.parse(str(scene.stored()[6]))
    scene.put(6, str(Envelope(9, envelope.iv, envelope.tag, envelope.ciphertext)))

    assert scene.again().sweep(Turn.RESEAL).quarantined == 6
    assert classes(scene) == {
        "1": Trouble.FOREIGN, "2": Trouble.UNRECOGNISED, "3": Trouble.REFUSED,
        "4": Trouble.WILL_NOT_OPEN, "5": Trouble.MALFORMED, "6": Trouble.UNKNOWN_KEY,
    }  # fmt: skip
    assert quarantine.unreadable_rows(scene.store, scene.name) == 3


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (WillNotOpen("x"), Trouble.WILL_NOT_OPEN),
        (MalformedEnvelope("x"), Trouble.MALFORMED),
        (UnknownKeyVersion(7), Trouble.UNKNOWN_KEY),
    ],
    ids=lambda case: type(case).__name__ if isinstance(case, Exception) else str(case),
)
def test_an_error_has_a_class_and_a_sentence_of_its_own(error, trouble):
    assert trouble_of(error) is trouble
    assert trouble in UNREADABLE
    assert SENTENCES[trouble] != "x"


def test_a_row_is_set_aside_since_it_was_first_met(scene):
    scene.enrol("hunter2")
    scene.sweep()
    (first,) = scene.records()
    again = scene.again()
    again.sweep()

    (met,) = scene.records()
    assert met.since == first.since
    assert met.seen > first.seen
    assert (first.run_id, met.run_id) == (scene.run_id, again.run_id)


def test_accepted_rows_stay_accepted_while_their_class_is_the_same(scene):
    scene.enrol("hunter2", "hunter2", "gAAAAAx")
    scene.sweep()
    assert accept(scene.store, scene.target, ALL, BY) == Counter(
        {Trouble.UNRECOGNISED: 2, Trouble.FOREIGN: 1}
    )
    scene.put(2, "gAAAAAy")
    scene.put(3, "gAAAAAz")
    again = scene.again()
    again.sweep()

    assert accepted(scene) == {"1", "3"}
    assert quarantine.counted(scene.store, scene.name) == (1, 2)
    (void,) = [row for row in scene.records() if row.key == ("2",)]
    assert (void.trouble, void.accepted_by, void.note) == (Trouble.FOREIGN, None, None)


def test_an_acceptance_says_who_and_why_in_the_list_and_in_the_audit_log(scene):
    scene.enrol("hunter2", "gAAAAAx")
    scene.sweep()

    accept(scene.store, scene.target, Choice(("2",)), BY)
    one, two = scene.records()
    assert (one.accepted, two.accepted_by, two.note) == (None, "Grace Hopper", "asked the user")
    assert event.latest(scene.store, Action.QUARANTINE_ACCEPTED) == {
        "field": scene.name, "rows": 1, "classes": {"foreign": 1},
        "approved_by": "Grace Hopper", "note": "asked the user",
    }  # fmt: skip
    assert verify_log(scene.store).holds


@pytest.mark.parametrize(
    ("choice", "by", "says"),
    [
        (Choice(("1", "9")), BY, "no row 9 of users.mfa_secret is quarantined, so nothing was"),
        (Choice(tuple("456789")), BY, "no row 4, 5, 6, 7, 8 and 1 more of"),
        (Choice(), BY, "name row keys, or a class with --class, or say --all"),
        (Choice(("1",), every=True), BY, "name row keys, or a class"),
        (Choice(("1",), Trouble.FOREIGN), BY, "name row keys, or a class"),
        (Choice(trouble=Trouble.REFUSED), BY, "no such row of users.mfa_secret is waiting"),
        (ALL, Decision(" ", "test"), "--approved-by NAME"),
    ],
    ids=["unknown", "many unknown", "nothing", "key and all", "key and class", "none", "nobody"],
)
def test_what_cannot_be_accepted_changes_nothing(scene, choice, by, says):
    scene.enrol("hunter2", "gAAAAAx", "hunter3")
    scene.sweep()
    before = scene.records()

    with pytest.raises(ConfigurationError, match=says):
        accept(scene.store, scene.target, choice, by)
    assert scene.records() == before
    assert event.latest(scene.store, Action.QUARANTINE_ACCEPTED) is None


def test_all_does_not_mean_what_was_accepted_before(scene):
    scene.enrol("hunter2", "gAAAAAx")
    scene.sweep()
    accept(scene.store, scene.target, Choice(trouble=Trouble.FOREIGN), BY)
    accept(scene.store, scene.target, ALL, Decision("Ada", "test"))

    assert [row.accepted_by for row in scene.records()] == ["Ada", "Grace Hopper"]
    with pytest.raises(ConfigurationError, match="no such row"):
        accept(scene.store, scene.target, ALL, BY)


def test_what_a_whole_sweep_did_not_meet_is_forgotten_of_one_run_or_of_any(scene):
    scene.enrol("hunter2", "hunter3", "hunter4")
    scene.sweep()
    again = scene.again()
    scene.put(1, None)
    since = quarantine.now(scene.store)
    again.sweep()

    quarantine.forget_unmet(scene.store, scene.name, since, again.run_id)
    assert set(classes(scene)) == {"1", "2", "3"}
    quarantine.forget_unmet(scene.store, scene.name, since)
    assert set(classes(scene)) == {"2", "3"}
    quarantine.forget_unmet(scene.store, scene.name, since + timedelta(days=1), again.run_id)
    assert scene.records() == []


def test_what_accepted_rows_hold_counts_only_for_what_they_were_accepted_with(scene):
    scene.enrol("hunter2", "gAAAAAx", SEED, SEED, "hunter3", "hunter4", SEED)
    scene.admin.execute("ALTER TABLE users ADD CHECK (id > 4 OR length(mfa_secret) < 100)")
    scene.sweep()
    damage(scene, 7)
    quarantine.set_aside(
        scene.store, scene.run_id, scene.name, [SetAside(["7"], Trouble.WILL_NOT_OPEN, "x")]
    )
    accept(scene.store, scene.target, Choice(tuple("123467")), BY)
    # Enrolled since: that plaintext nobody has accepted.
    scene.put(1, SEED)
    scene.put(6, None)

    expected = Census(plain=2, foreign=1, sealed={1: 1})
    assert accepted_census(scene.store, scene.target, None) == expected
    assert accepted_census(scene.store, scene.target, scene.run_id) == expected
    assert accepted_census(scene.store, scene.target, scene.again().run_id) == Census()


def test_a_verification_excuses_accepted_rows_for_what_they_were_accepted_with(scene):
    scene.enrol("hunter2", SEED, SEED, SEED)
    scene.sweep()
    damage(scene, 2)
    damage(scene, 3)
    known: Known = {
        ("1",): Trouble.UNRECOGNISED, ("2",): Trouble.WILL_NOT_OPEN, ("3",): Trouble.UNKNOWN_KEY,
        ("4",): Trouble.WILL_NOT_OPEN,
    }  # fmt: skip

    seen = verify(scene.store, scene.target, scene.keyring, None, scene.whole, None, known)
    assert {(fact.shape, fact.verdict, fact.accepted) for fact in seen.facts} == {
        (Shape.UNRECOGNISED, Verdict.NO_ENVELOPE, True),
        (Shape.SEALED, Verdict.WILL_NOT_OPEN, True),
        (Shape.SEALED, Verdict.WILL_NOT_OPEN, False),
        (Shape.SEALED, Verdict.OPENS, False),
    }
    assert [row.key for row in seen.broken] == [["3"]]


def test_a_run_is_not_excused_for_what_it_wrote_itself(scene):
    scene.enrol(SEED, SEED)
    scene.sweep()
    with scene.admin.transaction():
        damage(scene, 1)
    written = frozenset(
        int(xid) for (xid,) in scene.admin.execute("SELECT DISTINCT xmin::text FROM users")
    )
    known: Known = {("1",): Trouble.WILL_NOT_OPEN}

    seen = verify(scene.store, scene.target, scene.keyring, None, scene.whole, written, known)
    assert [(row.key, row.is_ours) for row in seen.broken] == [(["1"], True)]
    assert not any(fact.accepted for fact in seen.facts)


def test_an_accepted_row_in_the_clear_is_one_fact_of_its_own(scene):
    scene.enrol(SEED, SEED)
    known: Known = {("1",): Trouble.REFUSED}

    seen = verify(scene.store, scene.target, scene.keyring, None, scene.whole, None, known)
    assert seen.facts == {
        Fact(Shape.PLAIN, Verdict.NO_ENVELOPE, accepted=True): 1,
        Fact(Shape.PLAIN, Verdict.NO_ENVELOPE): 1,
    }


PARTS = st.lists(st.text(string.printable + "é雪"), min_size=1, max_size=4)


@given(PARTS)
def test_a_key_is_typed_as_it_is_shown(parts):
    assert parse_key(show_key(parts), len(parts)) == tuple(parts)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("7", "is no key of 2 parts"),
        ("eu/7", "is no key of 2 parts"),
        ('["eu"]', "is no key of 2 parts"),
        ('["eu", 7, 8]', "is no key of 2 parts"),
        ('["eu", null]', "is no key of 2 parts"),
        ('["eu", true]', "is no key of 2 parts"),
        ('["eu", 7.5]', "is no key of 2 parts"),
        ('["eu", ["7"]]', "is no key of 2 parts"),
        ("[" * 100_000, "is no key of 2 parts"),
        ("[" + "9" * 5000 + ",1]", "is no key of 2 parts"),
        ("", "is no key of 2 parts"),
    ],
    ids=lambda text: text[:12],
)
def test_a_key_of_several_parts_is_a_json_array(text, says):
    with pytest.raises(ConfigurationError, match=says):
        parse_key(text, 2)


def test_a_number_in_a_key_needs_no_quotes():
    assert parse_key('["eu", 7]', 2) == ("eu", "7")
    assert parse_key("[7]", 1) == ("[7]",)


def test_rows_with_a_key_of_two_parts_are_found(scene):
    scene = scene.table(
        "tenant text, n int, s text, PRIMARY KEY (tenant, n)",
        [("eu", 7, "hunter2"), ("a,b", 7, "hunter2"), ("eu", 8, SEED)],
        column="s",
    )
    scene.sweep()

    assert accept(scene.store, scene.target, Choice(('["a,b", 7]',)), BY).total() == 1
    assert quarantine.accepted(scene.store, scene.name) == {("a,b", "7"): Trouble.UNRECOGNISED}
    assert accepted_census(scene.store, scene.target, None) == Census(unrecognised=1)
