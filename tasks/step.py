"""How every task is declared: nothing cached, nothing persisted, no arguments hashed."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE

from reseal.unexpected import scrubbing

Given = ParamSpec("Given")
Made = TypeVar("Made")


def step(
    name: str, task_run_name: str | None = None
) -> Callable[[Callable[Given, Made]], Task[Given, Made]]:
    """Declare a task; its results stay in memory."""

    def declare(work: Callable[Given, Made]) -> Task[Given, Made]:
        # A cached validation would be skipped and a persisted exception pickled.
        options: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}
        return Task(scrubbing(work), name=name, task_run_name=task_run_name, **options)

    return declare
