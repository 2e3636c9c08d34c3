"""What a plan is told by: node, index, medians of time and of the pages of table and indexes."""

from typing import Any

import pytest

from reseal.optimise.plan import Plan, of_runs
from reseal.optimise.samples import spread


def run(milliseconds: float, **node: Any) -> dict[str, Any]:
    plan = {
        "Node Type": "Seq Scan", "Relation Name": "users", "Total Cost": 8.5,
        "Shared Hit Blocks": 3, "Shared Read Blocks": 1, "Actual Rows": 1, "Actual Loops": 1,
    }  # fmt: skip
    return {"Plan": plan | node, "Execution Time": milliseconds}


def test_time_and_pages_are_medians_over_the_runs():
    slow = {"Shared Read Blocks": 900}

    found = of_runs([run(1.0), run(90.0, **slow), run(2.0)])

    assert found == Plan("Seq Scan", None, 8.5, 2.0, 4)


@pytest.mark.parametrize(
    ("node", "pages"),
    [
        ({"Node Type": "Index Scan"}, 4),
        ({"Node Type": "Index Only Scan", "Heap Fetches": 0}, 3),
        # Every row was fetched from the table: the map may not have been there.
        ({"Node Type": "Index Only Scan", "Heap Fetches": 1}, 4),
        ({"Node Type": "Index Only Scan", "Heap Fetches": 0, "Actual Rows": 0}, 4),
        ({"Node Type": "Index Only Scan", "Heap Fetches": 0, "Actual Rows": 0.5,
          "Actual Loops": 2}, 3),
    ],
)  # fmt: skip
def test_the_page_of_the_visibility_map_is_no_page_of_the_table(node: dict[str, Any], pages: int):
    assert of_runs([run(1.0, **node)]).pages == pages


def test_the_scan_and_its_index_are_found_below_what_stands_around_them():
    index = {"Node Type": "Bitmap Index Scan", "Index Name": "by_email"}
    scan = {"Node Type": "Bitmap Heap Scan", "Relation Name": "users", "Plans": [index]}
    found = of_runs(
        [{"Execution Time": 1.0, "Plan": {"Node Type": "Limit", "Total Cost": 1, "Plans": [scan]}}]
    )

    assert (found.node, found.index) == ("Bitmap Heap Scan", "by_email")


@pytest.mark.parametrize(
    ("many", "some"),
    [(0, []), (3, [0, 1, 2]), (5, [0, 1, 2, 3, 4]), (101, [0, 25, 50, 75, 100])],
)
def test_values_are_taken_from_all_over_the_table(many: int, some: list[int]):
    assert spread(range(many), 5) == some
