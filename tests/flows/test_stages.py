"""What a stage of a run tells of where it was stopped."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from flows import stages
from reseal.errors import Stopped
from reseal.result import FieldResult
from reseal.sweep.turn import Turn


@contextmanager
def never_begins(name: str) -> Iterator[None]:
    raise Stopped(f"stopped before {name}")
    yield


@pytest.mark.parametrize("earlier", [{}, {"encrypt": 2.0}])
def test_a_stop_before_a_sweep_begins_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch, earlier: dict[str, float]
) -> None:
    for name in ("enter_outcomes", "copy_late"):
        monkeypatch.setattr(stages, name, lambda *_: None)
    part = FieldResult()
    run: Any = SimpleNamespace(
        fields=[SimpleNamespace(name="f")],
        stage=never_begins,
        result=SimpleNamespace(stages=earlier),
        field_result=lambda _: part,
    )

    with pytest.raises(Stopped, match="stopped before encrypt"):
        stages.sweep(run, "encrypt", Turn.SEAL)
    assert part.seconds == 0.0
