"""A score is 100 only where every term is full, and what is unknown never counts as good."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from reseal.scores.finding import Finding, Unknown, falling, mean, of_part, percent, together
from reseal.scores.score import Rule, Score
from reseal.scores.security import RULES as SECURITY
from reseal.scores.storage import RULES as STORAGE

shares = st.floats(0, 1)
findings = st.one_of(
    shares.map(lambda share: Finding("v", share, "s")), st.just(Unknown("not there"))
)
WEIGHTS = [one.most for one in SECURITY]


def rule(name: str, most: int, found: Finding | Unknown) -> Rule[None]:
    return Rule(name, most, lambda _: found)


def score_of(found: list[Finding | Unknown]) -> Score:
    rules = [
        rule(f"term {number}", most, one)
        for number, (most, one) in enumerate(zip(WEIGHTS, found, strict=True))
    ]
    return Score("score", tuple(one.term(None) for one in rules))


@pytest.mark.parametrize("rules", [SECURITY, STORAGE], ids=["security", "storage"])
def test_the_most_points_are_100_together_and_names_are_told_apart(rules):
    assert sum(one.most for one in rules) == 100
    assert len({one.name for one in rules}) == len(rules)


@given(st.lists(findings, min_size=len(WEIGHTS), max_size=len(WEIGHTS)))
def test_a_score_lies_between_0_and_what_could_be_measured(found):
    score = score_of(found)

    assert 0 <= score.value <= score.points <= score.measured <= 100
    for term in score.terms:
        assert 0 <= term.points <= term.measured <= term.most


@given(st.lists(findings, min_size=len(WEIGHTS), max_size=len(WEIGHTS)))
def test_it_is_100_only_where_every_term_is_full(found):
    is_full = all(isinstance(one, Finding) and one.share == 1 for one in found)

    if is_full:
        assert score_of(found).value == 100
    elif any(isinstance(one, Unknown) or one.share < 0.999 for one in found):
        assert score_of(found).value < 100


@given(st.lists(findings, min_size=len(WEIGHTS), max_size=len(WEIGHTS)), st.data())
def test_to_know_less_never_raises_a_score(found, data):
    place = data.draw(st.integers(0, len(WEIGHTS) - 1))
    less = [Unknown("forgotten") if n == place else one for n, one in enumerate(found)]

    assert score_of(less).points <= score_of(found).points
    assert score_of(less).measured <= score_of(found).measured


def test_an_unknown_term_says_why_and_scores_nothing():
    term = rule("guard", 10, Unknown("nobody may look")).term(None)

    assert (term.value, term.points, term.measured) == ("unknown", 0, 0)
    assert term.sentence == "nobody may look"


def test_one_row_of_a_million_is_seen():
    term = rule("secrets sealed", 22, Finding("", 999_999 / 1_000_000, "")).term(None)

    assert term.points == 21.9


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"a": Finding("x", 1, "s"), "b": Finding("x", 0, "s")}, (0.5, 1)),
        ({"a": Finding("x", 1, "s"), "b": Unknown("w")}, (0.5, 0.5)),
        ({"a": Finding("x", 1, "s")}, (1, 1)),
    ],
)
def test_what_is_unknown_of_several_things_scores_nothing(parts, expected):
    found = mean(parts)

    assert isinstance(found, Finding)
    assert (found.share, found.measured) == expected


def test_nothing_known_of_several_things_is_unknown_with_every_reason():
    found = mean({"a": Unknown("no rights"), "b": Unknown("no table")})

    assert found == Unknown("a: no rights; b: no table")


@given(shares, st.integers(1, 20), st.lists(st.just("one"), max_size=20))
def test_a_part_of_all_is_never_worth_more_than_was_measured(share, known, missing):
    found = of_part(Finding("v", share, "s."), known, missing)

    assert found.share <= found.measured <= 1
    assert found.share <= share


def test_what_is_said_of_all_is_said_once():
    assert together({"a": "no rights", "b": "no rights"}) == "no rights"
    assert together({"a": "x", "b": "y"}) == "a: x; b: y"


@given(st.floats(0, 10), st.floats(0, 10))
def test_the_smaller_measure_is_worth_more(one, other):
    smaller, larger = sorted((one, other))

    assert falling(smaller, 1, 5) >= falling(larger, 1, 5)
    assert falling(1, 1, 5) == 1
    assert falling(5, 1, 5) == 0


@pytest.mark.parametrize(
    ("share", "spelled"),
    [(1.0, "100 %"), (0.999_999, "99.9 %"), (0.5, "50 %"), (0.123, "12.3 %"), (0.0, "0 %")],
)
def test_what_is_not_all_is_not_spelled_as_all(share, spelled):
    assert percent(share) == spelled
