"""What a person sees of rows that are set aside, and of trying them again."""

from typing import Any

from flows.screen import cell, print_rows, say
from reseal.quarantine.choice import show_key

_FATES = ("tried", "sealed", "resealed", "left", "gone")


def show_quarantine(document: dict[str, Any], most: int | None) -> None:
    """Show how many rows are set aside by class, then the first of them, or all."""
    print_rows(document["counts"])
    rows = document["rows"][:most]
    words = ("class", "reason", "since", "run_id")
    print_rows(
        [
            {"field": row["field"], "key": show_key(row["key"])}
            | {word: row[word] for word in words}
            | _decided(row)
            for row in rows
        ]
    )
    if not document["rows"]:
        say("No row is in quarantine.")
    elif len(rows) < len(document["rows"]):
        say(f"The first {len(rows)} of {len(document['rows'])} rows; --all shows every one.")


def _decided(row: dict[str, Any]) -> dict[str, str]:
    if row["accepted"] is None:
        return {"accepted": "", "note": ""}
    return {"accepted": f"{cell(row['accepted'])} {row['accepted_by']}", "note": row["note"] or ""}


def show_retry(document: dict[str, Any]) -> None:
    """Show what became of each field's rows, and the rows that are left."""
    print_rows(
        [
            {"field": name, **{word: part[word] for word in _FATES}}
            for name, part in document["fields"].items()
        ]
    )
    for name, part in document["fields"].items():
        for row in part["rows_left"][:20]:
            say(f"  {name} {show_key(row['key'])}: {row['reason']}")
    say(document["message"])
    if document["evidence"]:
        say(f"evidence: {document['evidence']}")
