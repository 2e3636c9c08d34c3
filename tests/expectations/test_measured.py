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
    retire_suite,
    rotate_suite,
    sealed_suite,
    untrue,
    verify_suite,
    waiting_suite,
)

pytestmark = pytest.mark.slow

IVS, REPEATED = ("initialisation vectors", "opened", 1), ("initialisation vectors", "repeated", 2)
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


@pytest.mark.parametrize(("told", "claim"), BEFORE_RETIRE.values(), ids=BEFORE_RETIRE)
def test_before_a_key_retires_a_measure_breaks_just_the_claim_meant(told, claim):
    found = untrue(retire_suite(), frame(measures=replaced({**OPEN, **told})))

    assert found == set(claim.split())


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
        measured.QUARANTINE, measured.GUARD, measured.SHIELD, measured.SEALS, measured.PERIOD,
        measured.READERS, measured.GATES,
    }  # fmt: skip
    assert words == set(What)
    assert measured.MOST_SEALS == MOST_SEALS
