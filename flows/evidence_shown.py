"""What a person sees of bundles: a list, one of them, and what a check came to."""

from typing import Any

from flows.screen import print_rows, say


def show_bundles(document: dict[str, Any]) -> None:
    """Show a line a bundle, in the order of the chain."""
    words = ("run_id", "flow", "mode", "outcome", "finished", "sha256")
    print_rows([{word: str(run[word] or "") for word in words} for run in document["runs"]])
    say(f"{len(document['runs'])} runs in {document['where']}, by what their bundles say")
    say("Nothing of it is checked here; `reseal evidence verify` does.")


def show_bundle(facts: dict[str, Any], key: str | None) -> None:
    """Show who did what in a run, what it came to, and which files its bundle holds.

    `key` is the id of the one that signed all of it, None where nobody has yet.
    """
    run = facts["run"]
    say(f"{run['flow']} {run['run_id']}: {run['outcome']}")
    said = {
        "message": run["message"],
        "mode": run["mode"],
        "operator": facts.get("operator"),
        "from": run["started"],
        "to": run["finished"],
        "code": facts["code"] and facts["code"]["version"],
        "server": facts["server"] and facts["server"]["version"],
        "after": facts["previous"] and facts["previous"]["run_id"],
        "batches": facts["ledger"] and facts["ledger"]["batches"],
    }
    for word, text in said.items():
        say(f"  {word}: {'none' if text is None else text}")
    for name in facts["sha256"]:
        say(f"  {name}")
    if key:
        say(f"as it was signed by key {key}, the one in the bundle")
        say("Whose key that is, and the chain, `reseal evidence verify` checks.")
    else:
        say("Nobody has signed it yet.")


def show_evidence_check(document: dict[str, Any]) -> None:
    """Show what was changed, or by which key all of it is vouched for."""
    for finding in document["findings"]:
        say(f"{finding['where']} {finding['what']}")
    for name in document["open"]:
        say(f"{name} is not closed: its run is under way, or was killed and the next one closes it")
    if document["bundles"]:
        say(f"{document['verdict']}: {document['bundles']} bundles in {document['where']}")
    if document["head"]:
        say(f"head of the chain: {document['head']}")
    whose = " (as the bundles say; hold it against the one you know)"
    for key in document["keys"]:
        say(f"signed by key {key}{whose if document['key_from_bundle'] else ''}")
