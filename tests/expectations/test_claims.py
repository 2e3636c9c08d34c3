from collections import Counter

import pytest

from expectations.check import check
from expectations.suites import Counted, after_seal
from reseal.census import Census
from reseal.judge import Fact, Verdict
from reseal.measure import Measure, What
from reseal.shape import Shape
from tasks.frame import facts_frame, facts_of
from tests.expectations.census import (
    EMPTY,
    EQUAL,
    FIELD,
    GOOD,
    MEASURES,
    NEWER,
    STRANGE,
    failed,
    frame,
    rotate_suite,
    sealed_suite,
    untrue,
    verify_suite,
    waiting_suite,
)

pytestmark = pytest.mark.slow

# What takes the place of one good fact, and the claims that must fail.
BAD = {
    "a row of plaintext": [("plain", "no envelope", 0, 0, 0, 3), "ExpectNoPlaintext"],
    "a foreign value too many": [
        ("foreign", "no envelope", 0, 0, 0, 3),
        "ExpectOnlyQuarantinedStrangers",
    ],
    "a shape that nobody knows": [
        ("odd", "no envelope", 0, 0, 0, 3),
        "ExpectOnlyQuarantinedStrangers",
    ],
    "a damaged envelope": [("sealed", "malformed", 0, 0, 0, 3), "ExpectWellFormedEnvelopes"],
    "a verdict that nobody knows": [("sealed", "odd", 1, 12, 16, 3), "ExpectWellFormedEnvelopes"],
    "a long iv": [("sealed", "equal to the backup", 1, 16, 16, 3), "ExpectTwelveByteIvs"],
    "a short tag": [("sealed", "equal to the backup", 1, 12, 12, 3), "ExpectSixteenByteTags"],
    "an old key": [("sealed", "equal to the backup", 7, 12, 16, 3), "ExpectKnownKeyVersions"],
    "a moved envelope": [("sealed", "will not open", 1, 12, 16, 3), "ExpectOpeningEnvelopes"],
    "a key that is not loaded": [
        ("sealed", "unknown key version", 1, 12, 16, 3),
        "ExpectOpeningEnvelopes",
    ],
    "another secret": [
        ("sealed", "differs from the backup", 1, 12, 16, 3),
        "ExpectSecretsEqualToBackup",
    ],
    "no comparison": [("sealed", "opens", 1, 12, 16, 3), "ExpectSecretsEqualToBackup"],
    "a damaged backup": [
        ("sealed", "opens, and its backup does not", 1, 12, 16, 3),
        "ExpectSecretsEqualToBackup",
    ],
    "a row overlooked": [(*NEWER[:-1], 2), "ExpectFactsToAddUp"],
    "a row counted twice": [(*NEWER[:-1], 4), "ExpectFactsToAddUp"],
    "a missing length": [
        ("sealed", "opens", 1, None, 16, 3),
        "ExpectCompleteFacts ExpectTwelveByteIvs ExpectSecretsEqualToBackup",
    ],
    "a missing shape": [
        (None, "no envelope", 0, 0, 0, 3),
        "ExpectCompleteFacts ExpectOnlyQuarantinedStrangers",
    ],
}


def test_what_is_as_it_should_be_passes(tmp_path):
    result = check(frame(*GOOD), sealed_suite(), tmp_path, "good")

    assert result.success
    assert all(statement.success for statement in result.statements)
    assert len(result.statements) == len({each.sentence for each in result.statements}) == 19


@pytest.mark.parametrize(("fact", "claims"), BAD.values(), ids=BAD)
def test_a_bad_fact_breaks_just_the_claims_meant(fact, claims):
    assert untrue(sealed_suite(), frame(EMPTY, EQUAL, STRANGE, fact)) == set(claims.split())


def test_what_is_untrue_fails_the_check(tmp_path):
    suite, facts = sealed_suite(), frame(*GOOD, ("plain", "no envelope", 0, 0, 0, 1))
    result = check(facts, suite, tmp_path, "bad")

    assert (
        failed(suite, result)
        == untrue(suite, facts)
        == {
            "ExpectNoPlaintext",
            "ExpectFactsToAddUp",
        }
    )
    assert not result.success


@pytest.mark.parametrize(("key_version", "claims"), [(3, set()), (2, {"ExpectKnownKeyVersions"})])
def test_after_a_rotation_one_key_version_alone_may_stand(key_version, claims):
    resealed = ("sealed", "opens", 3, 12, 16, 25)
    other = ("sealed", "opens", key_version, 12, 16, 3)

    assert untrue(rotate_suite(3), frame(EMPTY, resealed, other, STRANGE)) == claims


def test_an_empty_census_fails():
    assert untrue(sealed_suite(), frame()) == {
        "ExpectCensusOfTable",
        "ExpectFactsToAddUp",
        "ExpectSomethingSealed",
    }


def test_an_empty_census_of_an_empty_table_passes(tmp_path):
    assert check(frame(), verify_suite(rows=0), tmp_path, "empty").success


def test_a_run_that_sealed_nothing_fails():
    assert untrue(sealed_suite(rows=72), frame(EMPTY, STRANGE)) == {"ExpectSomethingSealed"}


def test_a_table_of_strangers_cannot_be_sealed():
    suite = sealed_suite(rows=2, backed_up=2)

    assert untrue(suite, frame(STRANGE)) == {"ExpectOriginalsToAddUp"}


def test_rows_written_meanwhile_are_allowed_for():
    assert untrue(sealed_suite(rows=103, backed_up=30, drift=3), frame(*GOOD)) == set()


def test_without_a_backup_opening_is_enough():
    opens = ("sealed", "opens", 1, 12, 16, 28)

    assert untrue(verify_suite(), frame(EMPTY, STRANGE, opens)) == set()


def test_the_words_of_the_claims_are_the_words_of_the_facts():
    from expectations import claims

    unparsed = {Verdict.NO_ENVELOPE, Verdict.MALFORMED, Verdict.NOT_OPENED}
    assert set(claims.PARSED) == set(Verdict) - unparsed
    assert set(claims.PARSED) - set(claims.OPENED) == {Verdict.WILL_NOT_OPEN, Verdict.UNKNOWN_KEY}

    facts = Counter(
        {
            Fact(Shape.EMPTY, Verdict.NO_ENVELOPE): 50,
            Fact(Shape.SEALED, Verdict.EQUAL, 1, 12, 16, backed_up=True): 27,
            Fact(Shape.SEALED, Verdict.WILL_NOT_OPEN, 1, 12, 16, accepted=True): 23,
        }
    )
    suite = after_seal(Counted(100, 0, accepted=23), [1, 2], 27)
    measures = [
        Measure(What(what), of, count, version) for (what, of, version), count in MEASURES.items()
    ]
    assert untrue(suite, facts_frame(FIELD, facts, measures)) == set()


def test_what_was_counted_and_not_opened_is_waiting():
    census = Census(empty=2, plain=3, foreign=1, sealed={1: 4})
    facts = facts_frame(FIELD, facts_of(census), [Measure(What.SHIELD, "stands", 1)])

    assert facts["count"][facts["measure"] == "rows"].sum() == census.rows
    assert untrue(waiting_suite(), facts) == {"ExpectSealsInBounds", "ExpectProvenBackup"}
