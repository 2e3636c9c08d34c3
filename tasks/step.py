"""How every task is declared: nothing cached, nothing persisted, no arguments hashed."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE

from reseal.about import about
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
        return Task(
            scrubbing(_about_its_field(work)), name=name, task_run_name=task_run_name, **options
        )

    return declare


def _about_its_field(work: Callable[Given, Made]) -> Callable[Given, Made]:
    """Have log lines and workers know of which field a task is, where it is of one."""
    taken = signature(work)
    if "field" not in taken.parameters:
        return work

    @wraps(work)
    def telling(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        with about(field=taken.bind(*args, **kwargs).arguments["field"]):
            return work(*args, **kwargs)

    return telling
