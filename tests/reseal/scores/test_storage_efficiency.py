"""What a table takes beyond its rows costs points of its term; what is not known scores none."""

from datetime import UTC, datetime

import pytest

from reseal.scores.finding import Unknown
from reseal.scores.reading import Slack
from reseal.scores.storage import LEAST_PAGES, RULES, storage_efficiency
from tests.reseal.scores.readings import WHY, storage_reading, table, term

HEAP = table().heap_bytes
FAULTS = [
    ({"dead": 20_000}, {}, "20,000 of 1,020,000"),
    ({"dead": 123_595}, {"dead rows": 10}, "are dead"),
    ({"dead": 1_000_000}, {"dead rows": 0}, "are dead"),
    ({"slack": Slack(0.15, "measured")}, {}, "measured"),
    ({"slack": Slack(0.375, "estimated")}, {"bloat": 12.5}, "estimated"),
    ({"slack": Slack(0.9, "measured")}, {"bloat": 0}, "hold nothing live"),
    ({"slack": Slack(0.35, "measured"), "reserved": 0.2}, {}, "15 % of"),
    ({"heap_bytes": 2 * HEAP}, {"bytes a row": 2.9}, "needs 264"),
    ({"heap_bytes": 3 * HEAP}, {"bytes a row": 0}, "A row takes 836 bytes"),
    ({"index_bytes": HEAP * 5 // 4}, {"index bytes": 12.5}, "The indexes take"),
    ({"index_bytes": 2 * HEAP}, {"index bytes": 0}, "The indexes take"),
    ({"hot": 450}, {"HOT updates": 10}, "450 of 1,000 updates"),
    ({"hot": 0}, {"HOT updates": 0}, "wrote no index"),
    ({"updated": 11_000, "swept": 10_000}, {}, "950 of 1,000 updates of applications"),
]  # fmt: skip
UNKNOWN = [
    ({"slack": WHY}, "bloat", WHY.why),
    ({"row_bytes": WHY}, "bytes a row", WHY.why),
    ({"swept": WHY}, "HOT updates", WHY.why),
    ({"swept": 1000}, "HOT updates", "runs have, 1,000 times"),
    ({"updated": 0, "hot": 0}, "HOT updates", "updated a row since 2026-06-01"),
    ({"updated": 0, "hot": 0, "since": None}, "HOT updates", "since the statistics began"),
    ({"live": 0, "dead": 0}, "dead rows", "may have been reset"),
    ({"rows": 0}, "bytes a row", "run ANALYZE"),
]


def test_a_table_without_an_idle_byte_has_all_points():
    score = storage_efficiency(storage_reading(table()))

    assert (score.value, score.measured) == (100, 100)


@pytest.mark.parametrize(("worse", "points", "says"), FAULTS)
def test_what_is_idle_costs_points_of_its_own_term_alone(worse, points, says):
    score = storage_efficiency(storage_reading(table(**worse)))

    expected = {rule.name: points.get(rule.name, rule.most) for rule in RULES}
    assert {one.name: one.points for one in score.terms} == expected
    assert says in " ".join(one.sentence for one in score.terms)


@pytest.mark.parametrize(("worse", "name", "why"), UNKNOWN)
def test_what_is_not_known_scores_nothing_and_says_why(worse, name, why):
    score = storage_efficiency(storage_reading(table(**worse)))

    found = term(score, name)
    assert (found.value, found.points, found.measured) == ("unknown", 0, 0)
    assert why in found.sentence
    assert score.measured == score.points == 100 - found.most


def test_of_a_table_of_few_pages_shares_of_pages_say_nothing():
    score = storage_efficiency(storage_reading(table(pages=LEAST_PAGES - 1)))

    unknown = {one.name for one in score.terms if one.value == "unknown"}
    assert unknown == {"bloat", "bytes a row", "index bytes"}


def test_a_table_that_could_not_be_read_costs_its_part():
    score = storage_efficiency(storage_reading(table(), WHY))

    assert (score.value, score.measured) == (50, 50)
    assert all("t1: nobody may look" in one.sentence for one in score.terms)


def test_no_table_at_all_is_no_full_score():
    score = storage_efficiency(storage_reading(Unknown("there is no table x")))

    assert (score.value, score.measured) == (0, 0)
    assert {one.sentence for one in score.terms} == {"there is no table x"}


def test_a_full_table_does_not_make_up_for_an_idle_one():
    idle, full = Slack(0.6, "measured"), Slack(0.0, "measured")
    tight = table(slack=full, reserved=0.4)
    score = storage_efficiency(storage_reading(table(slack=idle), tight))

    assert term(score, "bloat").value == "30 %"


def test_the_earliest_date_is_told_since_which_the_server_counts():
    early = table(since=datetime(2026, 1, 2, tzinfo=UTC))
    score = storage_efficiency(storage_reading(table(), early))

    assert "since 2026-01-02" in term(score, "HOT updates").sentence
