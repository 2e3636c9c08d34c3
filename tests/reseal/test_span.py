"""Spans cover a table's pages once each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.sweep.span import Span

spans = st.builds(lambda first, pages: Span(first, first + pages), *[st.integers(0, 5000)] * 2)


@given(spans, st.integers(1, 6000))
def test_a_split_covers_every_page_once(span, pages):
    parts = list(span.split(pages))

    covered = [page for part in parts for page in range(part.first, part.after)]
    assert covered == list(range(span.first, span.after))
    assert all(1 <= part.pages <= pages for part in parts)
    # None is left over that is a task for hardly anything.
    assert max((part.pages for part in parts), default=0) <= 1 + min(
        (part.pages for part in parts), default=0
    )


@pytest.mark.parametrize(
    ("span", "bounds"),
    [
        (Span(0, 1), {"first": "(0,0)", "after": "(1,0)"}),
        (Span(7, 4294967295), {"first": "(7,0)", "after": "(4294967295,0)"}),
    ],
)
def test_the_bounds_are_a_half_open_range_of_ctid(span, bounds):
    assert span.bounds == bounds


def test_an_empty_span_has_no_parts():
    assert list(Span(5, 5).split(10)) == []
