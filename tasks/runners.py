"""What takes the tasks of spans: threads beside the run's own workers, processes, or Dask."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from reseal.allocator import keep_freed_memory
from reseal.collector import pass_over_what_is_loaded
from reseal.runner_policy import Runner, RunnerPolicy
from reseal.workers import bind_to_parent


class Processes(ProcessPoolTaskRunner):
    """Prefect's pool of processes, which inherit the environment and are not sent it again.

    Prefect puts a copy of all variables beside each task, and one of them may hold a key.
    """

    def _resolve_futures_and_submit(  # type: ignore[override]
        self, *, env: Mapping[str, str], **given: Any
    ) -> Future[bytes]:
        ours = {name: text for name, text in env.items() if name.startswith("PREFECT_")}
        return super()._resolve_futures_and_submit(env=ours, **given)


def runner_of(policy: RunnerPolicy, workers: int) -> TaskRunner[Any]:
    """Return a task runner that is to be entered; raise SettingsError where none can be had."""
    return _RUNNERS[policy.runner](policy, workers)


def _threads(_policy: RunnerPolicy, _workers: int) -> TaskRunner[Any]:
    return ThreadPoolTaskRunner()


def _processes(_policy: RunnerPolicy, workers: int) -> TaskRunner[Any]:
    return Processes(workers, initializer=_begin)


def _dask(policy: RunnerPolicy, workers: int) -> TaskRunner[Any]:
    # An extra of its own.
    from tasks.dask_runner import dask

    return dask(policy.scheduler, workers)


_RUNNERS: Mapping[Runner, Callable[[RunnerPolicy, int], TaskRunner[Any]]] = {
    Runner.THREADS: _threads,
    Runner.PROCESSES: _processes,
    Runner.DASK: _dask,
}


def _begin() -> None:
    bind_to_parent()
    pass_over_what_is_loaded()
    keep_freed_memory()
