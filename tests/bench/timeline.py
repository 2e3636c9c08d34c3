"""When a command was where: by the log lines that it writes of its stages."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

_ENDS = re.compile(r"stage (\S+) ends after")
_BEFORE, _BETWEEN, _END = "before the run", "between stages", "record and end"


@dataclass(frozen=True)
class Timeline:
    """What a command took, in seconds, part by part, and the document that it printed."""

    parts: Mapping[str, float]
    document: dict[str, Any]

    @property
    def seconds(self) -> float:
        """All of it."""
        return sum(self.parts.values())


def watched(directory: Path, environment: Mapping[str, str], *words: str) -> Timeline:
    """Run `reseal` from a cold start; it must end well."""
    began = time()
    ended = subprocess.run(
        [sys.executable, "-m", "reseal.command", *words, "--json"],
        cwd=directory, env={**environment, "RESEAL_LOG": "json"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time() - began
    if ended.returncode:
        raise SystemExit(f"reseal {words[0]} ended with {ended.returncode}: {ended.stderr}")
    return Timeline(parts(_read(ended.stderr), began, seconds), json.loads(ended.stdout))


def parts(lines: Iterable[Mapping[str, Any]], began: float, seconds: float) -> dict[str, float]:
    """Return how long each part took, of lines with `at` and `message`."""
    found, last = dict[str, float](), began
    for line in lines:
        name = _part_that_ends(str(line["message"]))
        if name is not None:
            at = datetime.fromisoformat(line["at"]).timestamp()
            found[name] = found.get(name, 0.0) + at - last
            last = at
    found[_END] = began + seconds - last
    return found


def _part_that_ends(message: str) -> str | None:
    if message.startswith("run begins"):
        return _BEFORE
    if message == "stage begins":
        return _BETWEEN
    if message.startswith("run ends"):
        return _BETWEEN
    ended = _ENDS.match(message)
    return ended.group(1) if ended else None


def _read(text: str) -> Iterable[dict[str, Any]]:
    for line in text.splitlines():
        document = json.loads(line)
        if document["logger"] == "reseal.run":
            yield document
