"""A look opens so many pages, and in a round every page of every heap has its turn."""

import random
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reseal.health import pages

SIZES = st.lists(st.integers(0, 3000), min_size=1, max_size=4)


def table(sizes: list[int], rows_per_page: float = 30.0) -> Any:
    """A table whose heaps have so many pages."""
    heaps = [SimpleNamespace(oid=n, schema="public", table=f"t{n}", pages=size)
             for n, size in enumerate(sizes, start=1)]  # fmt: skip
    oid = 1 if len(sizes) == 1 else 0
    return SimpleNamespace(heaps=heaps, oid=oid, pages=sum(sizes), rows_per_page=rows_per_page)


@given(SIZES, st.floats(1, 300))
def test_a_round_sees_every_page_once(sizes: list[int], rows_per_page: float):
    target = table(sizes, rows_per_page)
    due = pages.due(target, 0)
    seen, looks = [], due.a_round
    for _ in range(looks):
        seen += [(span.heap, page) for span in due.spans for page in range(span.first, span.after)]
        due = pages.due(target, due.after)

    assert len(seen) == len(set(seen)) == sum(size + 1 for size in sizes)


@given(SIZES, st.integers(0, 20_000), st.floats(1, 300))
def test_a_look_is_bounded_however_large_the_table(
    sizes: list[int], position: int, rows_per_page: float
):
    target = table(sizes, rows_per_page)
    due = pages.due(target, position)
    spans = [*due.spans, *pages.at_random(target, due, random.Random(position))]
    looked = sum(span.pages for span in spans)

    assert looked <= pages.pages_a_look(rows_per_page) + 16
    assert looked * rows_per_page <= 10_500 + 17 * rows_per_page


@given(SIZES, st.integers(0, 20_000), st.integers(0, 99))
def test_no_page_is_looked_at_twice_at_once(sizes: list[int], position: int, seed: int):
    target = table(sizes)
    due = pages.due(target, position % (sum(sizes) + 1))
    spans = [*due.spans, *pages.at_random(target, due, random.Random(seed))]
    seen = [(span.heap, page) for span in spans for page in range(span.first, span.after)]

    assert len(seen) == len(set(seen))


def test_where_the_table_has_shrunk_a_round_begins_anew():
    assert pages.due(table([10]), 500).spans[0].first == 0
