"""Each fault costs points of its own term and of no other, and says what it is."""

from datetime import timedelta

import pytest

from reseal.census import Census
from reseal.keyring import MOST_SEALS
from reseal.scores.reading import Backups, Readers, Residue, Standing, Verified
from reseal.scores.security import RULES, security
from reseal.store.quarantine import Counts
from tests.reseal.scores.readings import NOW, WHY, field, key, security_reading, term

DAY = timedelta(days=1)
HALF_PLAIN = Census(empty=3, plain=400, foreign=60, unrecognised=40, sealed={2: 500})

SEALED, ACTIVE, OPEN = "secrets sealed", "under the active key", "envelopes that open"
WHOLE, RESIDUE, AGE = "all registered fields", "residue of plaintext", "age of the key"
SEAL, REFUSE = "applications that seal", "applications that refuse plaintext"

# What is worse, the points of which terms that leaves, and what is said of it.
FAULTS = [
    (field(census=Census(plain=1, sealed={2: 999})), {SEALED: 21.9, WHOLE: 0}, "1 plain"),
    (field(census=HALF_PLAIN), {SEALED: 11, WHOLE: 0}, "60 foreign"),
    (field(census=Census(sealed={1: 250, 2: 750})), {ACTIVE: 6}, "750 of 1,000"),
    (field(census=Census(plain=5)), {SEALED: 0, ACTIVE: 0, WHOLE: 0}, "0 of 5"),
    (field(verified=Verified(1, NOW)), {OPEN: 4.9}, "1 envelope did not open"),
    (field(verified=Verified(1000, NOW)), {OPEN: 0}, "1,000 envelopes"),
    (field(verified=Verified(0, NOW - 32 * DAY)), {OPEN: 5}, "`reseal verify`"),
    (field(standing=Standing.UNPROVEN_GUARD), {"guard": 7.5}, "older rows"),
    (field(standing=Standing.SHIELD), {"guard": 5}, "still passes"),
    (field(standing=Standing.NOTHING), {"guard": 0}, "can be written"),
    (field(quarantine=Counts(101, 7)), {"quarantine": 1.8}, "7 more were accepted"),
    (field(residue=Residue(3, (), NOW)), {RESIDUE: 0}, "3 old values"),
    (field(residue=Residue(0, ("replicas",), NOW)), {RESIDUE: 4}, "replicas"),
    (field(fault="there is no table x"), {WHOLE: 0}, "there is no table x"),
]
AROUND = [
    ({"key": key(expires=NOW + 1 * DAY)}, {}, "may seal until"),
    ({"key": key(expires=NOW - 10 * DAY)}, {AGE: 3.8}, "`reseal rotate`"),
    ({"key": key(expires=NOW - 90 * DAY)}, {AGE: 0}, "`reseal rotate`"),
    ({"key": key(is_compromised=True)}, {AGE: 0}, "known to others"),
    ({"key": key(seals=MOST_SEALS // 2)}, {}, "1,073,741,824 times"),
    ({"key": key(seals=MOST_SEALS * 3 // 4)}, {"seals of the key": 2}, "at most 2,147,483,648"),
    ({"key": key(seals=MOST_SEALS)}, {"seals of the key": 0}, ""),
    ({"backups": Backups(0, 0)}, {}, "are kept: 0"),
    ({"backups": Backups(4, 1)}, {"backups beyond their date": 2.6}, "shred --expired"),
    ({"readers": Readers(4, 3, 1)}, {SEAL: 3, REFUSE: 1}, "3 of 4"),
    ({"public": ("schema reseal",)}, {"rights of PUBLIC": 0}, "schema reseal"),
]


def test_where_nothing_is_left_to_wish_for_the_score_is_100():
    score = security(security_reading())

    assert (score.value, score.measured) == (100, 100)
    assert [one.points for one in score.terms] == [rule.most for rule in RULES]


@pytest.mark.parametrize(("worse", "points", "says"), FAULTS)
def test_a_fault_of_a_field_costs_points_of_its_own_terms_alone(worse, points, says):
    _costs(security(security_reading(worse)), points, says)


@pytest.mark.parametrize(("worse", "points", "says"), AROUND)
def test_a_fault_around_the_fields_costs_points_of_its_own_terms_alone(worse, points, says):
    _costs(security(security_reading(**worse)), points, says)


def _costs(score, points, says):
    expected = {rule.name: points.get(rule.name, rule.most) for rule in RULES}
    assert {one.name: one.points for one in score.terms} == expected
    assert score.measured == 100
    assert says in " ".join(one.sentence for one in score.terms)


UNKNOWN_OF_A_FIELD = {
    "census": {SEALED, ACTIVE, WHOLE},
    "verified": {OPEN},
    "standing": {"guard"},
    "quarantine": {"quarantine"},
    "residue": {RESIDUE},
}
UNKNOWN_AROUND = {
    "key": {ACTIVE, AGE, "seals of the key"},
    "backups": {"backups beyond their date"},
    "readers": {SEAL, REFUSE},
    "public": {"rights of PUBLIC"},
}


@pytest.mark.parametrize(("part", "terms"), UNKNOWN_OF_A_FIELD.items())
def test_what_is_unknown_of_a_field_scores_nothing_and_says_why(part, terms):
    _is_unknown(security(security_reading(field(**{part: WHY}))), terms)


@pytest.mark.parametrize(("part", "terms"), UNKNOWN_AROUND.items())
def test_what_is_unknown_around_the_fields_scores_nothing_and_says_why(part, terms):
    _is_unknown(security(security_reading(**{part: WHY})), terms)


def _is_unknown(score, terms):
    unknown = [one for one in score.terms if one.value == "unknown"]
    assert {one.name for one in unknown} == terms
    assert {(one.points, one.measured, one.sentence) for one in unknown} == {(0, 0, WHY.why)}
    lost = sum(one.most for one in unknown)
    assert (score.points, score.measured) == (100 - lost, 100 - lost)


def test_no_application_that_reports_is_no_reason_to_think_well_of_them():
    found = term(security(security_reading(readers=Readers(0, 0, 0))), SEAL)

    assert (found.value, found.points) == ("unknown", 0)
    assert "no application has reported" in found.sentence


def test_a_cleaning_that_could_not_look_is_unknown():
    left = Residue(None, ("heap pages", "replicas"), NOW)
    found = term(security(security_reading(field(residue=left))), RESIDUE)

    assert (found.value, found.points) == ("unknown", 0)
    assert "heap pages, replicas" in found.sentence


def test_of_two_fields_the_one_that_was_not_looked_at_costs_its_half():
    reading = security_reading(field(), field(name="devices.seed", verified=WHY, census=WHY))
    score = security(reading)

    opens, sealed = (term(score, name) for name in (OPEN, SEALED))
    assert (opens.points, opens.measured) == (5, 5)
    assert (sealed.points, sealed.measured) == (11, 11)
    assert "devices.seed: nobody may look" in opens.sentence
    assert "devices.seed: nobody may look" in sealed.sentence


def test_fields_that_the_score_is_not_about_count_for_the_integrity_alone():
    other = field(name="devices.seed", census=Census(plain=9), standing=Standing.NOTHING)
    reading = security_reading(field(), other, about=frozenset({field().name}))
    score = security(reading)

    assert score.value == 96
    integrity = term(score, WHOLE)
    assert (integrity.value, integrity.points) == ("1 of 2 fields", 4)
    assert "devices.seed: 9 rows" in integrity.sentence


def test_a_field_without_secrets_has_nothing_left_to_seal():
    score = security(security_reading(field(census=Census(empty=7))))

    assert term(score, SEALED).points == 22
    assert term(score, ACTIVE).points == 8


def test_a_count_that_nobody_can_have_taken_ends_nothing():
    score = security(security_reading(field(verified=Verified(-5, NOW), census=Census())))

    assert term(score, OPEN).points == 10
