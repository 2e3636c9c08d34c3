"""Keeping freed memory is a wish that not every C library grants."""

import ctypes
from types import SimpleNamespace

import pytest

from reseal.allocator import keep_freed_memory


def test_the_allocator_is_told_both_limits(monkeypatch):
    told = {}

    def mallopt(parameter: int, value: int) -> int:
        told[parameter] = value
        return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(mallopt=mallopt))
    keep_freed_memory()
    assert told.keys() == {-1, -3}
    # The C library caps the second one; above that, it would ignore the wish.
    assert told[-3] <= 32 * 1024 * 1024 <= told[-1]


def no_such_library(_: object) -> object:
    raise OSError


@pytest.mark.parametrize("library", [no_such_library, lambda _: SimpleNamespace()])
def test_where_there_is_nothing_to_tell_it_nothing_is_done(monkeypatch, library):
    monkeypatch.setattr(ctypes, "CDLL", library)

    keep_freed_memory()
