"""The real command, watched while it runs, and what its stages took."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.looks import Look, spent_between, watching, within
from tests.bench.measured import Measured
from tests.bench.memory import most
from tests.bench.site import Site
from tests.bench.spent import Spent

# A stage writes evidence when it is over, or just before it the one before has: which files say
# when it was. The seconds themselves are the document's.
ENDS_WITH = {"backup": "backup-*", "validate": "validation-*", "rollback": "left-alone-*"}
BEGINS_AFTER = {"encrypt": "before-seal-*", "reseal": "before-reseal-*"}


@dataclass(frozen=True)
class Ended:
    """A command that has done what it was told: its document, and the looks at it."""

    site: Site
    document: dict[str, Any]
    looks: list[Look]
    began: float
    ended: float

    @property
    def run_id(self) -> str:
        """The id of its run."""
        return str(self.document["run_id"])

    @property
    def stages(self) -> dict[str, float]:
        """The seconds of each stage."""
        stages: dict[str, float] = self.document["stages"]
        return stages

    def stage(self, line: str, name: str) -> Measured:
        """Return what one stage took."""
        began, ended = self._window(name)
        spent = spent_between(self.looks, began, ended)
        spent.seconds = self.stages[name]
        memory = most(within(self.looks, began, ended))
        return Measured(line, self.site.table.rows, spent, memory, self.stages)

    def whole(self, line: str) -> Measured:
        """Return what all stages took; the processor time and the log are the whole command's."""
        spent: Spent = spent_between(self.looks, self.began, self.ended)
        spent.seconds = sum(self.stages.values())
        return Measured(line, self.site.table.rows, spent, most(self.looks), self.stages)

    def _window(self, name: str) -> tuple[float, float]:
        seconds = self.stages[name]
        if name in ENDS_WITH:
            ended = self._written(ENDS_WITH[name])
            return ended - seconds, ended
        began = self._written(BEGINS_AFTER[name])
        return began, began + seconds

    def _written(self, pattern: str) -> float:
        directory = self.site.directory / Path(self.document["evidence"])
        return max(path.stat().st_mtime for path in directory.glob(pattern))


def run(site: Site, *words: str) -> Ended:
    """Run `reseal` with these words and watch it; it must end well."""
    began = time.time()
    process = subprocess.Popen(
        [sys.executable, "-m", "reseal.command", *words, "--json"],
        cwd=site.directory,
        env=site.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with watching(process.pid, site) as looks:
        printed, said = process.communicate()
    if process.returncode:
        raise SystemExit(f"reseal {words[0]} ended with {process.returncode}: {said}{printed}")
    return Ended(site, json.loads(printed), looks, began, time.time())
