"""An application on a package, as a process that a test speaks to."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.flows.scene import Scene

_CHECKOUT = Path(__file__).parents[3]


class Application:
    """One package, begun; `alone` is the package without Reseal."""

    def __init__(self, scene: Scene, package: str, *, alone: bool = False) -> None:
        self.package = package
        # Each has a file of phones that outlives the process.
        phones = str(scene.directory / f"{package}.phones.json")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", f"tests.flows.packages.{package}", phones),
                *(["--alone"] if alone else []),
            ],
            cwd=scene.directory,
            env={**scene.command_line.environment, "PYTHONPATH": str(_CHECKOUT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, *words: object) -> None:
        """Give a word without waiting for what comes of it."""
        assert self._process.stdin
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for what came of the word that was given first."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f"the application on {self.package} has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """Let it end by itself."""
        self._process.communicate(timeout=30)
