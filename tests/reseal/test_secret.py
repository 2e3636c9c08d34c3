"""A Secret shows itself to nobody by accident."""

import copy
import json
import operator
import pickle
import traceback
from dataclasses import asdict, dataclass

import pytest

from reseal.secret import Secret
from tests.conftest import SENTINEL

SECRET = Secret(SENTINEL)


@pytest.mark.parametrize(
    "shown",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>40}",
        f"{SECRET:>40}",
        "%s and %r" % (SECRET, SECRET),  # noqa: UP031
        "{0} {0!s}".format(SECRET),  # noqa: UP032
        repr([SECRET, {"secret": SECRET}]),
    ],
)
def test_however_it_is_printed_only_a_mask_shows(shown):
    assert "Secret(***)" in shown
    assert SENTINEL not in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_cannot_be_pickled(protocol):
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(SECRET, protocol)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_it_cannot_be_copied(duplicate):
    with pytest.raises(TypeError, match="copied"):
        duplicate(SECRET)


def test_a_record_that_holds_one_cannot_be_turned_into_a_dict():
    @dataclass
    class Record:
        secret: Secret

    with pytest.raises(TypeError):
        asdict(Record(SECRET))


@pytest.mark.parametrize("other", [SECRET, Secret("x"), SENTINEL, None])
@pytest.mark.parametrize("compare", [operator.eq, operator.ne])
def test_it_is_not_compared_with_double_equals(compare, other):
    with pytest.raises(TypeError, match="matches"):
        compare(SECRET, other)
    with pytest.raises(TypeError, match="matches"):
        compare(other, SECRET)


def test_it_has_no_hash_and_no_json_and_no_attributes():
    with pytest.raises(TypeError):
        hash(SECRET)
    with pytest.raises(TypeError):
        json.dumps(SECRET)
    with pytest.raises(TypeError):
        vars(SECRET)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [("a", "a", True), ("a", "A", False), ("a", "a ", False), ("", "", True), ("é", "é", True)],
)
def test_matches_compares_character_for_character(left, right, same):
    assert Secret(left).matches(Secret(right)) is same


def test_a_traceback_through_it_shows_no_secret():
    with pytest.raises(TypeError) as caught:
        pickle.dumps(SECRET)

    assert SENTINEL not in "".join(traceback.format_exception(caught.value))


def test_reveal_gives_back_what_was_put_in():
    assert SECRET.reveal() == SENTINEL
