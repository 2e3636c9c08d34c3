"""The tables of what was measured, in Markdown and for a terminal alike, and the verdicts."""

from collections.abc import Iterable, Iterator
from typing import Any

from tests.neighbour.beside import MOST_TIMES

Document = dict[str, Any]
_SHOWN = ("50", "95", "99", "99.9")


def tables(document: Document) -> str:
    """Return all tables of a document, each with what it comes to."""
    return "\n\n".join(_parts(document))


def of_logins(logins: Document) -> str:
    """Return what a login takes, by mode: milliseconds without a run, beside one, and the ratio."""
    heading = [
        "", "logins", "failed", *(f"p{share}, ms" for share in _SHOWN),
        *(f"p{share}, times" for share in MOST_TIMES), "run, s",
    ]  # fmt: skip
    return _table(heading, (row for one in logins.values() for row in _mode(one)))


def of_rounds(logins: Document) -> str:
    """Return each round: whether it counts, and its ratios."""
    heading = [
        "", "round", "cores busy without a run", "with others' work", "p95 before, ms",
        "p95 after, ms", "p95, times", "p99, times", "counts",
    ]  # fmt: skip
    rows = [
        _round(one["mode"], number, each)
        for one in logins.values()
        for number, each in enumerate(one["rounds"], start=1)
    ]
    return _table(heading, rows)


def of_stages(logins: Document) -> str:
    """Return the milliseconds of a login by the stage that the run beside it was at."""
    names = list(dict.fromkeys(name for one in logins.values() for name in one["stages"]))
    heading = ["p95, ms", *(f"{mode}" for mode in logins)]
    rows = [[name, *(_at(one["stages"].get(name), "95") for one in logins.values())]
            for name in names]  # fmt: skip
    return _table(heading, rows)


def of_reactions(reactions: Document) -> str:
    """Return what a run did about each cause."""
    heading = ["", "signal", "value", "limit", "paused after, s", "went on after, s", "exit code"]
    return _table(heading, (_reaction(one) for one in reactions.values()))


def verdicts(document: Document) -> list[tuple[str, bool]]:
    """Return what was to be shown, and whether it was."""
    found = []
    if "safe" in document["logins"]:
        safe = document["logins"]["safe"]
        said = " and ".join(
            f"p{share} {safe['times'][share]:.2f} times its idle value (at most {most:g})"
            for share, most in MOST_TIMES.items()
        )
        failed = safe["beside"]["failed"] + safe["idle"]["failed"]
        found.append((f"safe: {said}, {failed} failed logins", safe["is_within"]))
    for one in document["reactions"].values():
        missing = [claim for claim, holds in one["claims"].items() if not holds]
        said = f"not so: {'; '.join(missing)}" if missing else "every claim holds"
        found.append((f"{one['title']}: {said}", not missing))
    return found


def _parts(document: Document) -> Iterator[str]:
    if document["logins"]:
        yield of_logins(document["logins"])
        yield of_rounds(document["logins"])
        yield of_stages(document["logins"])
    if document["reactions"]:
        yield of_reactions(document["reactions"])


def _mode(one: Document) -> Iterator[list[str]]:
    yield [f"{one['mode']}, no run", *_latency(one["idle"]), *("" for _ in MOST_TIMES), ""]
    counted = [each for each in one["rounds"] if each["counts"]] or one["rounds"]
    seconds = sum(each["seconds"] for each in counted) / len(counted)
    times = (f"**{one['times'][share]:.2f}**" for share in MOST_TIMES)
    yield [f"{one['mode']}, beside a run", *_latency(one["beside"]), *times, f"{seconds:.0f}"]


def _round(mode: str, number: int, each: Document) -> list[str]:
    idle, beside = each["idle"]["by_share"], each["beside"]["by_share"]
    return [
        mode,
        str(number),
        f"{each['busy_when_idle']:.2f}",
        f"{each['busy_for_others']:.2f}",
        *(_at(each[when], "95") for when in ("before", "after")),
        *(f"{beside[share] / idle[share]:.2f}" for share in MOST_TIMES),
        "yes" if each["counts"] else "no",
    ]


def _latency(latency: Document) -> list[str]:
    counts = [f"{latency['logins']:,}", str(latency["failed"])]
    return [*counts, *(_at(latency, share) for share in _SHOWN)]


def _at(latency: Document | None, share: str) -> str:
    return f"{latency['by_share'][share]:.2f}" if latency and latency["logins"] else ""


def _reaction(one: Document) -> list[str]:
    said, went_on = one["said"], one["seconds_to_go_on"]
    after = "" if one["code_after"] is None else f", then {one['code_after']}"
    return [
        one["title"],
        f"`{said['signal']}`",
        f"{said['value']:.3g}",
        f"{said['limit']:.3g}",
        f"{one['seconds_to_pause']:.1f}",
        "" if went_on is None else f"{went_on:.1f}",
        f"{one['code']}{after}",
    ]


def _table(heading: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
