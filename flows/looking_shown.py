"""What a person sees of a look at the database: checks, secrets that were found, the status."""

from typing import Any

from flows.screen import census_cells, console, print_rows, print_verdicts, say
from reseal.copies import spot
from reseal.pacing.words import at_work


def show_checks(document: dict[str, Any]) -> None:
    """Show every preflight check by verdict and value, and a remedy where it is not ok."""
    print_verdicts((check["verdict"], check["name"], _said(check)) for check in document["checks"])
    console.print(f"preflight: {document['verdict']}, {len(document['checks'])} checks")
    for word in ("unknown", "warn", "refuse"):
        names = [check["name"] for check in document["checks"] if check["verdict"] == word]
        if names:
            say(f"  {word}: {', '.join(dict.fromkeys(names))}")


def show_discovery(document: dict[str, Any]) -> None:
    """Show what holds secrets and whether a field covers it, then copies and triggers."""
    words = ("what", "format", "confidence", "sampled", "matching")
    print_rows(
        [
            {
                "column": _place(found),
                **{word: found[word] for word in words},
                "field": found["registered"] or "none",
            }
            for found in document["columns"]
        ]
    )
    for copy in document["copies"]:
        rows = f"{copy['rows']:,} of {copy['sampled']:,}"
        say(f"copy of {copy['field']}: {_place(copy)}: {copy['what']} ({rows})")
    for trigger in document["triggers"]:
        say(f"trigger {trigger['trigger']} on {trigger['table']} {trigger['what']}")
    for table in document["not_looked_at"]:
        say(f"not looked at: {table['table']}: {table['why']}")
    if not document["columns"]:
        say("Nothing in the database looks like an MFA secret.")


def show_status(document: dict[str, Any]) -> None:
    """Show the census, the keys, the latest runs, those at work, and those that wait."""
    fields = document["fields"].items()
    print_rows([{"field": name, **census_cells(census)} for name, census in fields])
    key_words = ("version", "state", "algorithm", "kek", "created", "expires")
    print_rows([{f"key {word}": key[word] for word in key_words} for key in document["keys"]])
    run_words = ("run_id", "flow", "mode", "outcome", "started")
    print_rows([{word: run[word] for word in run_words} for run in document["runs"]])
    for one in document["at_work"]:
        asked = f", asked to {one['request']} by {one['asked_by']}" if one["request"] else ""
        say(f"run {one['run_id']} is at work on {one['field']}{asked}")
        if one["pace"]:
            say(f"  {at_work(one['pace'])}")
    for run in document["waiting"]:
        say(f"run {run['run_id']} of {run['asked_by']} waits for an answer: `reseal approve`")


def _said(check: dict[str, Any]) -> str:
    is_ok = check["verdict"] == "ok"
    return str(check["value"]) if is_ok else f"{check['value']}; {check['remedy']}"


def _place(found: dict[str, Any]) -> str:
    return spot(found["table"], found["column"], found["path"])
