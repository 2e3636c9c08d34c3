"""Some of what `make fuzz` tries: only errors of our own come out, and nothing that is wrong."""

import tomllib
from random import Random

import pytest

from tests.fuzz.campaign import try_cases
from tests.fuzz.configs import EVERY_WORD, VALUES, Configs, spelled
from tests.fuzz.edits import EDITS
from tests.fuzz.envelope_edits import ENVELOPE_EDITS
from tests.fuzz.envelopes import Envelopes
from tests.fuzz.subject import Case
from tests.fuzz.subjects import SUBJECTS

# What each subject's readers can say; all of it must have come about.
SAYS = {
    "envelopes": {"opens", "NotSealed", "MalformedEnvelope", "UnknownKeyVersion", "WillNotOpen"},
    "configs": {"accepted", "ConfigurationError", "FieldError"},
    "records": {"opens", "WillNotOpen"},
    "backup-files": {
        "opens", "opens, as it was signed", "BackupFileError", "KekError", "WillNotOpen",
    },
    "bundles": {"finds nothing changed", "names what was changed"},
}  # fmt: skip


@pytest.mark.parametrize("name", SUBJECTS)
def test_nothing_but_our_own_errors_comes_out(name):
    count = 20_000 if name == "envelopes" else 500
    tally = try_cases(SUBJECTS[name], seed=6, numbers=range(count))

    assert [str(fault) for fault in tally.faults] == []
    assert {answer for _, answer in tally.answers} == SAYS[name]
    assert tally.total == count


def test_a_case_is_made_again_by_its_number():
    for make in SUBJECTS.values():
        one, other = make(), make()
        assert one.case(Random("6/7")) == other.case(Random("6/7"))


def test_every_edit_of_envelopes_is_made():
    tally = try_cases(Envelopes, seed=6, numbers=range(2000))

    assert {how for how, _ in tally.answers} == {*ENVELOPE_EDITS, "two edits"}
    assert len(EDITS) > 10


@pytest.mark.parametrize("reads", [ValueError("raw"), RecursionError()], ids=["value", "depth"])
def test_an_error_that_is_not_ours_is_a_fault_that_can_be_repeated(reads):
    class Careless(Envelopes):
        def answer(self, case):
            raise reads

    (fault,) = try_cases(Careless, seed=3, numbers=range(14, 15)).faults

    assert "--only envelopes --seed 3 --case 14" in str(fault)


def test_any_word_of_the_configuration_with_a_value_of_any_type():
    subject, said = Configs(), set()
    for place, word in _words():
        for value in VALUES:
            document = tomllib.loads(EVERY_WORD)
            table = document[place] if isinstance(place, str) else document["field"][place]
            table[word] = value
            said.add(subject.answer(Case("every value", spelled(document))))

    assert said == SAYS["configs"]


def _words() -> list[tuple[str | int, str]]:
    document = tomllib.loads(EVERY_WORD)
    fields = document.pop("field")
    tables: list[tuple[str | int, dict]] = [*document.items(), *enumerate(fields)]
    return [(place, word) for place, table in tables for word in table]
