"""`reseal serve`: the Prefect UI, the deployments and a worker, until somebody ends it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from flows.evidence_served import evidence_served
from flows.flags import ConfigPath, Json, Panel, print_document
from flows.local_worker import LocalWorker
from flows.opening import Opening
from flows.screen import say
from flows.server import LocalServer, prefect_server, prepare_home
from reseal.errors import ConfigurationError, ResealError
from reseal.settings import Settings
from tasks.urls import without_credentials

POOL = "reseal"

_PORT = 4200
_LOOK_SECONDS = 0.5
_REGISTER_SECONDS = 300

Port = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help=f"Where the UI is on loopback; default {_PORT}."),
]

# A server that stays: what is looked at there are the log lines of runs, too.
_RULES = {"PREFECT_LOGGING_LEVEL": "INFO"}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(rich_help_panel=Panel.PREFECT)(serve)


def serve(port: Port = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Serve the Prefect UI and work off what is started or scheduled there, until Ctrl-C.

    Writes the deployments to Prefect, and what the runs write that are started there.
    """
    settings = Settings.from_environment(config)
    own = settings.variables.get("PREFECT_API_URL")
    if own and port is not None:
        raise ConfigurationError(
            "--port is for a local server, and PREFECT_API_URL names another; leave one out"
        )
    opening = Opening.of(settings)
    _need_all(opening)
    prepare_home(settings.state, _RULES)
    with _until_ended(), ExitStack() as stack:
        server = stack.enter_context(prefect_server(own, None if own else port or _PORT))
        beside = (port or _PORT) + 1
        evidence = stack.enter_context(evidence_served(opening.shelf, beside))
        variables = _variables(settings, evidence)
        deployments = _registered(variables)
        worker = LocalWorker(POOL, settings.state / "prefect" / "worker.log", variables)
        stack.callback(worker.close)
        worker.wait()
        document = _document(own or variables["PREFECT_API_URL"], deployments, evidence, worker)
        print_document(document, as_json, show)
        sys.stdout.flush()
        _stay(server, worker)


@contextmanager
def _until_ended() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block as something that was meant."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        say("Ended.")
    finally:
        signal.signal(signal.SIGTERM, before)


def show(document: dict[str, Any]) -> None:
    """Say where everything is."""
    say(f"The Prefect UI is at {document['ui']}, evidence at {document['evidence']}.")
    for deployment in document["deployments"]:
        say(f"  {deployment['flow']}/{deployment['name']}")
    say(f"Commands show up there, too, with PREFECT_API_URL={document['api']}.")
    say(f"The worker writes to {document['worker_log']}.")
    say("Ctrl-C stops its runs at their next batch boundary, then the worker and the server.")


def _need_all(opening: Opening) -> None:
    """Raise what would keep every run from beginning: keys, fields, or the database."""
    opening.access.kek()
    opening.access.backup_kek()
    opening.access.store("serve", read_only=True).close()
    opening.shelf.need_writable()


def _variables(settings: Settings, evidence: str) -> dict[str, str]:
    """Return the environment of the worker and its runs."""
    # Read again, with what Prefect was told meanwhile.
    told = Settings.from_environment(settings.config).variables
    here = {"RESEAL_HOME": str(Path.cwd()), "RESEAL_CONFIG": str(settings.config)}
    return {"RESEAL_EVIDENCE_LINK": evidence, **told, **here}


def _registered(variables: dict[str, str]) -> list[dict[str, Any]]:
    """Register the deployments, in the room above; return what the server has now."""
    ended = subprocess.run(
        [sys.executable, "-m", "deployments.register"],
        env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=_REGISTER_SECONDS, check=False,
    )  # fmt: skip
    if ended.returncode:
        said = ended.stderr.strip().splitlines() or [f"it ended with {ended.returncode}"]
        raise ResealError(f"the deployments were not registered: {said[-1]}")
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    return found


def _document(
    api: str, deployments: list[dict[str, Any]], evidence: str, worker: LocalWorker
) -> dict[str, Any]:
    api = without_credentials(api)
    return {
        "ui": api.removesuffix("/").removesuffix("/api"),
        "api": api,
        "evidence": evidence,
        "work_pool": POOL,
        "worker_log": str(worker.log),
        "deployments": deployments,
    }


def _stay(server: LocalServer | None, worker: LocalWorker) -> None:
    """Wait until somebody ends this; raise ResealError where a part of it ends by itself."""
    while worker.is_alive:
        if server is not None and not server.is_alive:
            raise ResealError("the Prefect server has ended; start `reseal serve` again")
        time.sleep(_LOOK_SECONDS)
    raise ResealError(f"the worker has ended; {worker.log} says why")
