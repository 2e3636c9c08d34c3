"""Where the spans of a run are worked off: the [run] table of reseal.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

from reseal.errors import ConfigurationError
from reseal.modes import Effort, Mode, effort
from reseal.wording import need_whole, need_word

_WORDS = {"runner": str, "workers": int, "scheduler": str}
_NAMES: dict[type, str] = {str: "string", int: "whole number"}
_MOST_WORKERS = 256
_SCHEMES = ("tcp://", "tls://")


class Runner(StrEnum):
    """What takes the task of a span."""

    THREADS = "threads"
    """Threads of the run, which ask its own worker processes."""
    PROCESSES = "processes"
    """Processes of Prefect's."""
    DASK = "dask"
    """Workers of a Dask cluster."""


@dataclass(frozen=True, slots=True)
class RunnerPolicy:
    """What takes the tasks, and how many work; `workers` None leaves that to the mode.

    `scheduler` is the address of a Dask cluster; None is one that begins and ends with the run.
    """

    runner: Runner = Runner.THREADS
    workers: int | None = None
    scheduler: str | None = None

    def effort(self, mode: Mode) -> Effort:
        """Return the effort of a mode with as many workers; that of a careful mode stays."""
        usual = effort(mode)
        if self.workers is None or mode in (Mode.SAFE, Mode.VALIDATE_ONLY):
            return usual
        return replace(usual, workers=self.workers)

    def need(self, *, is_embedded: bool) -> None:
        """Raise ConfigurationError where tasks could not be worked off like this."""
        if self.runner is Runner.DASK and find_spec("prefect_dask") is None:
            raise ConfigurationError(
                'runner = "dask" in [run] needs the package prefect-dask, which is not installed; '
                "install reseal[dask], or take another runner"
            )
        if self.scheduler and is_embedded:
            raise ConfigurationError(
                "the workers of the scheduler in [run] cannot reach the embedded server; set "
                "RESEAL_DATABASE_URL, for them too"
            )


def read_runner(said: Mapping[str, Any]) -> RunnerPolicy:
    """Read the table of reseal.toml; raise ConfigurationError where a word or value is wrong."""
    for word, value in said.items():
        need_word(word, _WORDS, "in [run]")
        if not isinstance(value, _WORDS[word]) or isinstance(value, bool):
            raise ConfigurationError(f"{word} in [run] must be a {_NAMES[_WORDS[word]]}")
    workers = said.get("workers")
    if workers is not None:
        need_whole("workers", workers, (1, _MOST_WORKERS), "in [run]")
    policy = RunnerPolicy(_runner(said.get("runner", "threads")), workers, said.get("scheduler"))
    if policy.scheduler is not None:
        _need_address(policy)
    return policy


def _runner(said: str) -> Runner:
    if said not in list(Runner):
        raise ConfigurationError(f"runner in [run] must be one of {', '.join(Runner)}")
    return Runner(said)


def _need_address(policy: RunnerPolicy) -> None:
    if policy.runner is not Runner.DASK:
        raise ConfigurationError('scheduler in [run] goes with runner = "dask" only')
    if not (policy.scheduler or "").startswith(_SCHEMES):
        raise ConfigurationError(
            "scheduler in [run] must be an address such as tls://scheduler.example.com:8786"
        )
