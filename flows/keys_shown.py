"""What a person sees of data keys: the inventory, and the gates of one."""

from typing import Any

from flows.screen import cell, print_rows, print_verdicts, say


def show_keys(document: dict[str, Any]) -> None:
    """Show the inventory of keys."""
    words = ("version", "state", "algorithm", "owner", "created", "activated", "expires", "seals",
             "rows", "backup_rows")  # fmt: skip
    print_rows([{word: key[word] for word in words} for key in document["keys"]])
    for key in document["keys"]:
        if key["compromised"]:
            say(f"key {key['version']} was compromised; known since {cell(key['compromised'])}")
        elif key["expired"] and key["state"] == "active":
            say(f"key {key['version']} is past its cryptoperiod; run `reseal rotate`")
    if not document["keys"]:
        say("There is no data key yet; the first encryption makes one.")


def show_gates(document: dict[str, Any]) -> None:
    """Show every gate with its evidence, and what opens it where it is closed."""
    print_verdicts((gate["verdict"], gate["name"], _said(gate)) for gate in document["gates"])
    say(f"Key {document['version']} is {document['state']}.")


def _said(gate: dict[str, Any]) -> str:
    is_open = gate["verdict"] == "pass"
    shown = gate["evidence"] if is_open else f"{gate['evidence']}; {gate['remedy']}"
    return f"{gate['sentence']}\n{shown}"
