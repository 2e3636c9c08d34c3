"""docs/orchestration.md, made from what was measured."""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

Document = Mapping[str, Any]
TEMPLATE = Path(__file__).with_name("orchestration.md")
_MACHINE = (
    "{cores} cores ({processor}), {system}, Python {python}, with a load of {load} when it began"
)
# In seconds: a run that brings up its own server, and one that finds a server running.
LIMITS = {"own": 30, "running": 12}


def made_of(document: Document) -> str:
    """Return the page."""
    counted, machine = document["counted"], document["machine"]
    return Template(TEMPLATE.read_text()).substitute(
        rows=document["rows"],
        machine=_MACHINE.format(**machine),
        stages=_stages(document),
        counted=_table(("what", "how many"), _counted(counted)),
        each=_table(
            ("what", "milliseconds"), ((n, f"{ms:.1f}") for n, ms in document["each"].items())
        ),
        first=f"{document['first']:.1f}",
        start=f"{document['own_server']['start']:.1f}",
    )


def over_limit(document: Document) -> int:
    """Return how many of the figures are above their limit."""
    return sum(_seconds(document, name) > limit for name, limit in LIMITS.items())


def _seconds(document: Document, name: str) -> float:
    return float(sum(document[name].values()))


def _stages(document: Document) -> str:
    own, running = document["own"], document["running"]
    rows: list[tuple[str, ...]] = [
        (name, _shown(own.get(name)), _shown(running.get(name))) for name in own
    ]
    rows.append(("**all**", *(f"**{_seconds(document, n):.1f}**" for n in LIMITS)))
    rows.append(("limit", *map(str, LIMITS.values())))
    return _table(("part", "with a server of its own", "against one that runs"), rows)


def _shown(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f}"


def _counted(counted: Mapping[str, Any]) -> list[tuple[str, str]]:
    requests: Mapping[str, int] = counted["requests"]
    most = sorted(requests.items(), key=lambda one: -one[1])[:5]
    return [
        ("task runs", str(counted["task_runs"])),
        ("artifacts", str(counted["artifacts"])),
        ("log lines", str(counted["log_lines"])),
        ("requests", str(sum(requests.values()))),
        *((f"of them `{name}`", str(count)) for name, count in most),
    ]


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, tuple("---" if not number else "--:" for number, _ in enumerate(head)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
