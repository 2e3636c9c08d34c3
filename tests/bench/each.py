"""What a task, an artifact and a step of a progress bar take in the run that waits for them."""

from collections.abc import Callable
from time import monotonic

from prefect import flow
from prefect.artifacts import MarkdownArtifact
from prefect.task_runners import ThreadPoolTaskRunner

from tasks import artifacts
from tasks.publishing import publish
from tasks.step import step

_TIMES = 50


def each() -> dict[str, float]:
    """Return milliseconds of each, the mean of some."""
    return dict(_many())


@step(name="nothing")
def _nothing() -> None:
    """Do nothing."""


@flow(name="orchestration", persist_result=False)
def _many() -> dict[str, float]:
    bar = artifacts.begin_progress("bench")
    made: ThreadPoolTaskRunner[None] = ThreadPoolTaskRunner()
    with made as runner:
        return {
            "task, called": _milliseconds(_nothing),
            "task of a span": _milliseconds(lambda: runner.submit(_nothing, {}).result()),
            "artifact": _milliseconds(
                lambda: publish(MarkdownArtifact(markdown="bench", key="bench"))
            ),
            "step of a progress bar": _milliseconds(lambda: artifacts.show_progress(bar, 1, 2)),
        }


def _milliseconds(work: Callable[[], object]) -> float:
    began = monotonic()
    for _ in range(_TIMES):
        work()
    return 1000 * (monotonic() - began) / _TIMES
