"""Run a flow from the command line: fail early on bad input, then bring up Prefect."""

import logging
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from flows import screen
from flows.needs import need_all
from flows.opening import Opening
from flows.prefect_lines import OF_RUNS
from flows.progress import watching
from flows.server import prefect_server, prepare_home
from reseal import workers
from reseal.errors import ConfigurationError, ResealError
from reseal.modes import Mode, effort, give_way
from reseal.result import RunResult
from reseal.settings import Settings
from reseal.unexpected import scrubbed

# Module and options class of each flow, by name, so that prefect is imported late.
_FLOWS = {
    "encrypt_secrets": "EncryptOptions",
    "rotate_keys": "RotateOptions",
    "verify_secrets": "VerifyOptions",
    "clean_residue": "CleanOptions",
    "optimise_schema": "OptimiseOptions",
    "rollback_run": "RollbackOptions",
}
_MODULES = {"rollback_run": "flows.rollback"}


def run(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Run a flow in this process and return its result document."""
    settings = Settings.from_environment(Path(options["config"]) if options["config"] else None)
    opening = Opening.of(settings)
    need_all(opening, name, options)
    # Before all that is imported now, which takes seconds of a processor.
    mode = options.get("mode", Mode.STANDARD)
    give_way(mode)
    prepare_home(settings.state)
    if not effort(mode).is_careful:
        workers.warm_up()
    own = settings.variables.get("PREFECT_API_URL")
    if not own and screen.console.is_terminal:
        screen.say("Starting a Prefect server for this run, which takes some seconds.")
    with (
        prefect_server(own, meanwhile=lambda: _import(name)),
        watching() as watcher,
    ):
        return call(name, options, opening, watcher).as_dict()


def call(name: str, options: dict[str, Any], opening: Opening, watcher: Any) -> RunResult:
    """Call a flow, with Prefect's API at hand, and return its result."""
    from flows import running

    module = _import(name)
    typed = getattr(import_module("flows.options"), _FLOWS[name])(**options)
    running.openings.append(opening)
    running.watchers.append(watcher)
    began = len(running.results)
    try:
        state = getattr(module, name)(typed, return_state=True)
    finally:
        running.watchers.remove(watcher)
        running.openings.remove(opening)
        send_what_is_left()
    return _result(state, running.results[began:])


def _import(name: str) -> ModuleType:
    """Import a flow's module, which takes seconds."""
    return import_module(_MODULES.get(name, f"flows.{name}"))


def send_what_is_left() -> None:
    """Wait for logs and events: the server, which is about to end, must have them first."""
    from tasks.sending import events_have_left

    for name in OF_RUNS:
        for handler in logging.getLogger(name).handlers:
            handler.flush()
    events_have_left()


def _result(state: Any, results: list[RunResult]) -> RunResult:
    error = state.data if isinstance(state.data, BaseException) else None
    if isinstance(error, ConfigurationError):
        raise error
    if not results:
        raise (
            scrubbed(error)
            if isinstance(error, Exception)
            else ResealError(f"the flow did not begin: {state.name}")
        )
    return results[0]
