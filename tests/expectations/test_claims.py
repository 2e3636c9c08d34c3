import pytest

from expectations.check import check
from reseal.judge import Fact, Verdict
from reseal.shape import Shape
from tests.expectations.census import (
    EMPTY,
    EQUAL,
    FIELD,
    GOOD,
    NEWER,
    STRANGE,
    failed,
    frame,
    rotate_suite,
    sealed_suite,
    verify_suite,
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
    assert len(result.statements) == len({each.sentence for each in result.statements}) == 12


@pytest.mark.parametrize(("fact", "claims"), BAD.values(), ids=BAD)
def test_a_bad_fact_breaks_just_the_claims_meant(tmp_path, fact, claims):
    suite = sealed_suite()
    result = check(frame(EMPTY, EQUAL, STRANGE, fact), suite, tmp_path, "bad")

    assert failed(suite, result) == set(claims.split())
    assert not result.success


@pytest.mark.parametrize(("key_version", "claims"), [(3, set()), (2, {"ExpectKnownKeyVersions"})])
def test_after_a_rotation_one_key_version_alone_may_stand(tmp_path, key_version, claims):
    suite = rotate_suite(3)
    resealed = ("sealed", "opens", 3, 12, 16, 25)
    other = ("sealed", "opens", key_version, 12, 16, 3)
    result = check(frame(EMPTY, resealed, other, STRANGE), suite, tmp_path, "rotated")

    assert failed(suite, result) == claims


def test_an_empty_census_fails(tmp_path):
    suite = sealed_suite()
    result = check(frame(), suite, tmp_path, "empty")

    assert failed(suite, result) == {
        "ExpectTableRowCountToBeBetween",
        "ExpectFactsToAddUp",
        "ExpectSomethingSealed",
    }


def test_an_empty_census_of_an_empty_table_passes(tmp_path):
    assert check(frame(), verify_suite(rows=0), tmp_path, "empty").success


def test_a_run_that_sealed_nothing_fails(tmp_path):
    suite = sealed_suite(rows=72)
    result = check(frame(EMPTY, STRANGE), suite, tmp_path, "nothing")

    assert failed(suite, result) == {"ExpectSomethingSealed"}


def test_a_table_of_strangers_cannot_be_sealed(tmp_path):
    suite = sealed_suite(rows=2, backed_up=2)

    assert check(frame(STRANGE), suite, tmp_path, "strangers").success


def test_rows_written_meanwhile_are_allowed_for(tmp_path):
    assert check(frame(*GOOD), sealed_suite(rows=103, drift=3), tmp_path, "busy").success


def test_without_a_backup_opening_is_enough(tmp_path):
    opens = ("sealed", "opens", 1, 12, 16, 28)

    assert check(frame(EMPTY, STRANGE, opens), verify_suite(), tmp_path, "later").success


def test_the_words_of_the_claims_are_the_words_of_the_facts(tmp_path):
    from expectations import claims

    assert set(claims.PARSED) == set(Verdict) - {Verdict.NO_ENVELOPE, Verdict.MALFORMED}
    assert set(claims.PARSED) - set(claims.OPENED) == {Verdict.WILL_NOT_OPEN, Verdict.UNKNOWN_KEY}

    facts = [Fact(Shape.EMPTY, Verdict.NO_ENVELOPE), Fact(Shape.SEALED, Verdict.EQUAL, 1, 12, 16)]
    counted = [(*fact, 50) for fact in facts]
    assert check(frame(*counted), sealed_suite(), tmp_path, FIELD).success
