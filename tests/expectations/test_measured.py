"""What is measured beside the rows, and which claim is untrue where a measure is another one."""

import pytest

from reseal.keyring import MOST_SEALS
from reseal.measure import What
from tests.expectations.census import (
    EMPTY,
    EQUAL,
    GOOD,
    MEASURES,
    WAITING,
    frame,
    resealing_suite,
    retire_suite,
    rotate_suite,
    sealed_suite,
    untrue,
    verify_suite,
    waiting_suite,
)

pytestmark = pytest.mark.slow

IVS, REPEATED = ("initialisation vectors", "opened", 1), ("initialisation vectors", "repeated", 2)
RESEALING = (("sealed", "not opened", 1, 0, 0, 25), ("plain", "no envelope", 0, 0, 0, 3))
# Of a suite on good facts: what is measured instead (None: it is not), and the claim that breaks.
AFTER_SEAL = {
    "an iv that came twice": [{REPEATED: 1}, "ExpectNoRepeatedIv"],
    "fewer ivs than envelopes": [{IVS: 15}, "ExpectNoRepeatedIv"],
    "no look for repeats": [
        {REPEATED: None, ("initialisation vectors", "repeated", 1): None},
        "ExpectNoRepeatedIv",
    ],
    "tampering that goes unnoticed": [
        {("probes", "a shortened tag is noticed", 0): 0},
        "ExpectProbesToComeOutRight",
    ],
    "no tampering": [
        {("probes", "a shortened tag is noticed", 0): None},
        "ExpectProbesToComeOutRight",
    ],
    "another code": [{("codes", "differing", 0): 1}, "ExpectSameCodes"],
    "no code": [{("codes", "differing", 0): None}, "ExpectSameCodes"],
    "an original lost sight of": [{("originals", "met", 0): 24}, "ExpectOriginalsToAddUp"],
    "a row met twice": [{("originals", "met", 0): 26}, "ExpectOriginalsToAddUp"],
    "originals that nobody counted": [{("originals", "gone", 0): None}, "ExpectOriginalsToAddUp"],
    "a row set aside": [{("quarantine", "set aside", 0): 1}, "ExpectEmptyQuarantine"],
    "a quarantine unseen": [{("quarantine", "set aside", 0): None}, "ExpectEmptyQuarantine"],
    "a guard that is gone": [{("guard", "holds", 0): 0}, "ExpectStandingGuard"],
    "a guard unseen": [{("guard", "holds", 0): None}, "ExpectStandingGuard"],
    "a key that sealed too often": [{("seals", "in all", 1): 2**31 + 1}, "ExpectSealsInBounds"],
    "half of a measure": [{("seals", "in all", 1): float("nan")}, "ExpectCompleteFacts"],
}
BEFORE_SEAL = {
    "a backup that restores less": [{("backup", "restored", 0): 24}, "ExpectProvenBackup"],
    "a backup not proven": [{("backup", "restored", 0): None}, "ExpectProvenBackup"],
    "no backup": [
        {("backup", "restored", 0): None, ("backup", "kept", 0): None},
        "ExpectProvenBackup",
    ],
    "no shield": [{("shield", "stands", 0): 0}, "ExpectShield"],
    "no shield, for a reason": [
        {("shield", "stands", 0): 0, ("shield", "left out for a reason", 0): 1},
        "",
    ],
}
BEFORE_RESEAL = {
    "all as it should be": [{}, ""],
    "a backup not proven": [{("backup", "restored", 0): None}, "ExpectProvenBackup"],
    "no shield": [{("shield", "stands", 0): 0}, "ExpectShield"],
    "another key that seals": [
        {("state", "active", 2): None, ("state", "active", 1): 1},
        "ExpectSealingKey",
    ],
    "two keys that seal": [{("state", "active", 1): 1}, "ExpectSealingKey"],
    "a key that others know": [{("state", "known to others", 2): 1}, "ExpectSealingKey"],
    "a key of which nobody says who knows it": [
        {("state", "known to others", 2): None},
        "ExpectSealingKey",
    ],
    "an older key that sealed too often": [{("seals", "in all", 1): 2**31 + 1}, ""],
    "a key without room": [{("seals", "in all", 2): 2**31 + 1}, "ExpectRoomToSeal"],
    "seals unseen": [{("seals", "in all", 2): None}, "ExpectRoomToSeal"],
    "an application without the new key": [
        {("readers", "do not open", 2): 1},
        "ExpectReadersOfKey",
    ],
    "readers unseen": [{("readers", "do not open", 2): None}, "ExpectReadersOfKey"],
    "a guard that is gone": [{("guard", "holds", 0): 0}, "ExpectStandingGuard"],
}
OPEN = {
    ("gates", gate, 1): 1
    for gate in (
        "fields that were under it", "last census", "census now", "live applications", "reads",
        "backups", "base backups",
    )
}  # fmt: skip
BEFORE_RETIRE = {
    "all gates open": [{}, ""],
    "nobody's approval yet": [{("gates", "approval", 1): 0}, ""],
    **{f"closed: {gate}": [{(what, gate, 1): 0}, "ExpectOpenGate"] for what, gate, _ in OPEN},
    "a gate that nobody asked": [{("gates", "reads", 1): None}, "ExpectOpenGate"],
    "an application without the new key": [
        {("readers", "do not open", 2): 1},
        "ExpectReadersOfKey",
    ],
}


def replaced(told):
    measures = {**MEASURES, **told}
    return {name: count for name, count in measures.items() if count is not None}


@pytest.mark.parametrize(("told", "claim"), AFTER_SEAL.values(), ids=AFTER_SEAL)
def test_after_sealing_a_measure_breaks_just_the_claim_meant(told, claim):
    found = untrue(sealed_suite(), frame(*GOOD, measures=replaced(told)))

    assert claim in found
    assert found <= {claim, "ExpectSealsInBounds"}


@pytest.mark.parametrize(("told", "claim"), BEFORE_SEAL.values(), ids=BEFORE_SEAL)
def test_before_sealing_a_measure_breaks_just_the_claim_meant(told, claim):
    found = untrue(waiting_suite(), frame(*WAITING, measures=replaced(told)))

    assert found == set(claim.split())


@pytest.mark.parametrize(("told", "claim"), BEFORE_RESEAL.values(), ids=BEFORE_RESEAL)
def test_before_resealing_a_measure_breaks_just_the_claim_meant(told, claim):
    found = untrue(resealing_suite(), frame(*RESEALING, measures=replaced(told)))

    assert found == set(claim.split())


def test_before_resealing_the_rows_to_come_are_counted_among_the_seals():
    assert untrue(resealing_suite(rows=1), frame(*RESEALING)) == {"ExpectRoomToSeal"}


def test_in_an_emergency_nothing_is_stated_that_can_wait():
    told = {("guard", "holds", 0): 0, ("readers", "do not open", 2): 1}
    facts = frame(*RESEALING, measures=replaced({**told, ("shield", "stands", 0): 0}))

    assert untrue(resealing_suite(is_urgent=True), facts) == {"ExpectShield"}


@pytest.mark.parametrize("version", [0, 1, 2, 7])
def test_before_resealing_rows_are_under_keys_that_are_there(version):
    one = ("sealed", "not opened", version, 0, 0, 1)
    claims = {"ExpectKnownKeyVersions"} if version == 7 else set()

    assert untrue(resealing_suite(), frame(*RESEALING, one)) == claims


@pytest.mark.parametrize(("told", "claim"), BEFORE_RETIRE.values(), ids=BEFORE_RETIRE)
def test_before_a_key_retires_a_measure_breaks_just_the_claim_meant(told, claim):
    found = untrue(retire_suite(), frame(measures=replaced({**OPEN, **told})))

    assert found == set(claim.split())


def test_without_a_code_to_compare_none_is_missed():
    none = {("codes", "compared", 0): 0, ("codes", "without", 0): 3}
    nothing = {("codes", "compared", 0): 0}
    enrolled = ("sealed", "enrolled since the backup", 1, 12, 16, 25)

    assert untrue(sealed_suite(), frame(*GOOD, measures=replaced(none))) == set()
    facts = frame(EMPTY, enrolled, *GOOD[2:], measures=replaced(nothing))
    assert untrue(sealed_suite(), facts) == set()


def test_before_sealing_no_envelope_may_be_under_a_key_that_is_not_there():
    unknown = ("sealed", "not opened", 7, 0, 0, 1)

    assert untrue(waiting_suite(), frame(*WAITING, unknown)) == {"ExpectKnownKeyVersions"}


def test_before_sealing_an_empty_table_is_said_to_be_empty():
    assert untrue(waiting_suite(), frame()) == {"ExpectCensusOfTable"}
    assert untrue(waiting_suite(is_empty=True), frame()) == set()
    assert "The table is empty." in {
        claim.description for claim in waiting_suite(is_empty=True).claims
    }


def test_at_night_the_key_that_seals_must_be_in_its_period():
    late = frame(EMPTY, EQUAL, measures={**MEASURES, ("period", "expired", 2): 1})

    assert untrue(verify_suite(95), late) == {"ExpectKeyInItsPeriod"}


@pytest.mark.parametrize("told", [1, None], ids=["known to others", "unseen"])
def test_at_night_nothing_is_under_a_key_that_others_know(told):
    facts = frame(EMPTY, EQUAL, measures=replaced({("state", "known to others", 1): told}))
    older = frame(EMPTY, EQUAL, measures=replaced({("state", "known to others", 2): 1}))

    assert untrue(verify_suite(95), facts) == {"ExpectNothingUnderKnownKey"}
    assert untrue(verify_suite(95), older) == set()


def test_at_night_the_quarantine_must_be_empty():
    aside = frame(EMPTY, EQUAL, measures={**MEASURES, ("quarantine", "set aside", 0): 1})

    assert untrue(verify_suite(95), aside) == {"ExpectEmptyQuarantine"}


def test_after_a_rotation_the_quarantine_must_be_empty():
    resealed = ("sealed", "opens", 3, 12, 16, 30)
    aside = {**MEASURES, ("quarantine", "set aside", 0): 2}

    assert untrue(rotate_suite(3), frame(EMPTY, resealed, measures=aside)) == {
        "ExpectEmptyQuarantine"
    }


def test_a_table_without_an_envelope_has_no_iv_and_no_probe():
    unmeasured = {name: None for name in MEASURES if name[0] in ("probes", IVS[0])}

    assert untrue(verify_suite(70), frame(EMPTY, measures=replaced(unmeasured))) == set()


def test_the_words_of_the_measures_are_those_of_the_library():
    from expectations import measured

    words = {
        measured.IVS, measured.ORIGINALS, measured.BACKUP, measured.PROBES, measured.CODES,
        measured.QUARANTINE, measured.GUARD, measured.SHIELD, measured.STATE, measured.SEALS,
        measured.PERIOD, measured.READERS, measured.GATES,
    }  # fmt: skip
    assert words == set(What)
    assert {claim.gate for claim in retire_suite().claims if hasattr(claim, "gate")} == {
        gate for _, gate, _ in OPEN
    }
    assert measured.MOST_SEALS == MOST_SEALS
