"""The tables of docs/performance.md, in Markdown."""

from collections.abc import Iterable
from typing import Any

from tests.bench.document import times_as_fast
from tests.bench.lines import BARE, COMMANDS, Group

Document = dict[str, Any]


def of_lines(document: Document) -> str:
    """Return the medians of the references and of what Reseal does."""
    heading = [
        "", "rows", "rows/s", "ratio", "least to most", "same table", "client µs", "server µs",
        "WAL B", "MiB", "MiB, shared once",
    ]  # fmt: skip
    names = [*_names(document, Group.REFERENCE), *_names(document, Group.RESEAL)]
    return _table(heading, ([*_figures(document, name)] for name in names))


def of_alternatives(document: Document) -> str:
    """Return the medians of what people would use instead; empty where none was measured."""
    heading = [
        "", "rows", "rows/s", "ratio", "least to most", "Reseal's rate", "client µs",
        "server µs", "WAL B", "MiB",
    ]  # fmt: skip
    rows = [_against(document, name) for name in _names(document, Group.ALTERNATIVE)]
    return _table(heading, rows) if rows else ""


def of_stages(document: Document) -> str:
    """Return the median seconds of each stage of each command; empty where none was run."""
    commands = {
        command: document["median"][name]["stages"]
        for name, command in COMMANDS.items()
        if name in document["median"]
    }
    stages = dict.fromkeys(stage for seconds in commands.values() for stage in seconds)
    rows = [[s, *(_seconds(each.get(s)) for each in commands.values())] for s in stages]
    rows.append(["all", *(_seconds(sum(each.values())) for each in commands.values())])
    return _table(["seconds", *commands], rows) if commands else ""


def of_flow(document: Document) -> str:
    """Say how the whole flow's time compares; empty where it was not run."""
    if "flow" not in document["median"]:
        return ""
    flow, bare = (document["median"][name]["seconds"] for name in ("flow", BARE))
    return (
        f"The bare UPDATE took {bare:.2f} s: the whole flow is {flow / bare:.1f} of them, and "
        f"{max(0, flow - 15) / bare:.1f} without its first 15 s."
    )


def of_sizes(documents: list[Document]) -> str:
    """Return the microseconds a row at each size of the same table, and how much they differ."""
    ordered = sorted(documents, key=lambda one: int(one["table"]["rows"]))
    medians = [one["median"] for one in ordered]
    sizes = [f"{one['table']['rows']:,} rows, µs a row" for one in ordered]
    rows = [
        [ordered[0]["lines"][name]["title"], *_growth([one[name] for one in medians])]
        for name in medians[0]
        if all(name in one and one[name]["rows"] == one[BARE]["rows"] for one in medians)
    ]
    return _table(["", *sizes, "first to last"], rows)


def _growth(figures: list[dict[str, Any]]) -> list[str]:
    costs = [each["seconds"] / each["rows"] * 1e6 for each in figures]
    return [*(f"{cost:.2f}" for cost in costs), f"{costs[-1] / costs[0] - 1:+.0%}"]


def _names(document: Document, group: Group) -> list[str]:
    return [name for name in document["median"] if document["lines"][name]["group"] == group]


def _figures(document: Document, name: str) -> list[str]:
    figures = document["median"][name]
    pair = ratio(figures["pair_ratio"])
    # A process alone shares with no one.
    shared_once = _memory(figures, "shared_once") if _memory(figures, "worker") != "0" else ""
    memory = [_memory(figures, "together"), shared_once]
    return [*_rate(document, name), pair, *_spent(figures), *memory]


def _against(document: Document, name: str) -> list[str]:
    figures = document["median"][name]
    times = times_as_fast(document, "encrypt", name)
    faster = f"{times:.1f} times" if times else ""
    return [*_rate(document, name), faster, *_spent(figures), _memory(figures, "together")]


def _rate(document: Document, name: str) -> list[str]:
    figures = document["median"][name]
    return [
        document["lines"][name]["title"],
        f"{figures['rows']:,.0f}",
        f"{figures['rows_per_second']:,.0f}",
        f"**{ratio(figures['ratio'])}**",
        f"{ratio(figures['ratio_least'])} to {ratio(figures['ratio_most'])}",
    ]


def _spent(figures: dict[str, Any]) -> list[str]:
    return [
        f"{figures['client_microseconds']:.1f}",
        f"{figures['server_microseconds']:.1f}",
        f"{figures['wal_bytes']:.0f}",
    ]


def _memory(figures: dict[str, Any], kind: str) -> str:
    return f"{figures['memory'][kind]:.0f}" if figures["memory"] else ""


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f}"


def ratio(value: float) -> str:
    """Return a ratio with two digits that say something."""
    return f"{value:.2f}" if value >= 0.095 else f"{value:.2g}"


def _table(heading: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
