"""A run that waits for a person, started as a person starts it, and the ways to answer it."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.flows.conftest import Ended
from tests.flows.forked import Started
from tests.flows.scene import ASKING_SECONDS, Scene, together, wait_until

ASKS = ("--require-approval", "--json")


@dataclass(frozen=True)
class Waiting:
    """A run that has asked; its evidence is in a directory of its own."""

    scene: Scene
    process: Started
    directory: Path

    @property
    def run_id(self) -> str:
        return self.directory.name

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.scene.api(f"flow_runs/{self.run_id}")["state"]
        return state

    def fills_in(self, **form: Any) -> str:
        """What Prefect says to what its UI sends when the form is sent off."""
        answer = self.scene.api(f"flow_runs/{self.run_id}/resume", {"run_input": form})
        return str(answer["status"])

    def description(self) -> str:
        """What its UI shows above the form."""
        return str(self.scene.api(f"flow_runs/{self.run_id}/input/paused-approval-description"))

    def approve(self, *words: str, **environment: str) -> Ended:
        """Answer from another shell."""
        return self.scene.command_line.run(
            "approve", self.run_id, *words, timeout=60, **environment
        )

    def ends(self) -> Ended:
        out, err = self.process.communicate(timeout=120)
        return Ended(self.process.wait(), out, err)

    def written(self, name: str) -> dict[str, Any]:
        """A file of the evidence."""
        document: dict[str, Any] = json.loads((self.directory / f"{name}.json").read_text())
        return document


def waits(scene: Scene, name: str, *words: str) -> Waiting:
    """Start a run and wait until it has asked and is paused."""
    root = scene.directory / name
    process = scene.command_line.start(*words, *ASKS, RESEAL_EVIDENCE=str(root))
    wait_until(lambda: list(root.glob("*/approval-plan.json")) or process.poll() is not None)
    if process.poll() is not None:
        raise AssertionError(process.communicate(timeout=10))
    (plan,) = root.glob("*/approval-plan.json")
    waiting = Waiting(scene, process, plan.parent)
    wait_until(
        lambda: waiting.state["type"] == "PAUSED" or process.poll() is not None,
        rest=ASKING_SECONDS,
    )
    return waiting


def all_wait(scene: Scene, commands: dict[str, tuple[str, ...]]) -> dict[str, Waiting]:
    """Start several runs, by name, and wait until each has asked."""
    starts = [partial(waits, scene, name, *words) for name, words in commands.items()]
    # More of them at once keep Prefect's server from answering anybody for a minute.
    return dict(zip(commands, together(*starts, at_once=2), strict=True))


def all_end(runs: dict[str, Waiting]) -> dict[str, Ended]:
    """Wait for several runs."""
    return dict(zip(runs, together(*[run.ends for run in runs.values()]), strict=True))
