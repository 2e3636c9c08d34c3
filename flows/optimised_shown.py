"""What a person sees of an optimisation: a line a query, and what became of its index."""

from typing import Any

from flows.screen import print_rows, say


def show_optimised(document: dict[str, Any]) -> None:
    """Show each query with its plans, the indexes with their definitions, and the outcome."""
    say(f"{document['flow']}: {document['outcome']}")
    for name, part in document["fields"].items():
        _show_field(name, part.get("optimised"))
    say(document["message"])
    say(f"evidence: {document['evidence']}")


def _show_field(name: str, done: dict[str, Any] | None) -> None:
    if done is None:
        return
    trials = done["trials"]
    print_rows([_row(number, one) for number, one in enumerate(trials, start=1)])
    for number, one in enumerate(trials, start=1):
        calls = "" if one["calls"] is None else f", {one['calls']:,} calls"
        say(f"{number}: {one['query']} (from {one['source']}{calls})")
        say(f"   {one['why']}")
        if one["definition"]:
            say(f"   {one['index']}: {one['definition']}")
    for index in done["leftovers"]:
        say(f"{index}: dropped, as a killed build had left it")
    if not trials:
        say(f"{name}: {done['reason']}")


def _row(number: int, one: dict[str, Any]) -> dict[str, Any]:
    return {
        "query": str(number),
        "before": _plan(one["before"]),
        "after": _plan(one["after"]),
        "index": one["index"] or "",
        "kept": "yes" if one["kept"] else "no",
    }


def _plan(plan: dict[str, Any] | None) -> str:
    if plan is None:
        return ""
    return f"{plan['milliseconds']:.3f} ms, {plan['pages']:,.0f} pages, {plan['node']}"
