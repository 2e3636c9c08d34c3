"""What a person sees of backups: which there are, whether they hold, which are gone."""

from typing import Any

from flows.screen import cell, print_rows, say


def show_backups(document: dict[str, Any]) -> None:
    """Show every backup, then where the copies of each are."""
    words = ("run_id", "field", "taken", "rows", "late_rows", "bytes", "proven", "expires", "kek",
             "shredded", "shredded_by")  # fmt: skip
    found = document["backups"]
    print_rows([{word: one[word] for word in words} for one in found])
    for one in found:
        for copy in one["copies"]:
            say(f"copy of {one['run_id']} {one['field']}: {copy}")
        if one["expired"] and not one["shredded"]:
            say(f"expired: `reseal backup shred {one['run_id']}` destroys it")
    if not found:
        say("There is no backup.")


def show_proofs(document: dict[str, Any]) -> None:
    """Show what was proven, and what of it no copy has."""
    for one in document["backups"]:
        for part in (one, *one["copies"]):
            if part["proven"]:
                say(f"proven: {part['what']}: {part['rows']:,} rows")
            else:
                say(f"not proven: {part['what']}: {part['why_not']}")
        late = max((copy["late_rows"] for copy in one["copies"]), default=one["late_rows"])
        if late < one["late_rows"]:
            say(f"{one['late_rows']} rows of {one['what']} that came late are in no copy")


def show_shredded(document: dict[str, Any]) -> None:
    """Show what was destroyed, what that means for a rollback, and what is still there."""
    for one in document["shredded"]:
        for name, before in one["shredded_before"].items():
            say(f"{name}: shredded before, {cell(before['shredded'])} by {before['by']}")
        for name, rows in one["rows"].items():
            sealed = one["still_sealed"][name]
            held = "an unknown number of" if sealed is None else f"{sealed:,}"
            say(f"{name}: {rows:,} originals destroyed; {held} rows cannot be rolled back any more")
        for copy in one["deleted"]:
            say(f"deleted: {copy}")
        for why in one["not_deleted"].values():
            say(f"not deleted: {why}; delete it by hand, it opens with the backup KEK")
    for why in document["refused"].values():
        say(f"not shredded: {why}")
    if not document["shredded"] and not document["refused"]:
        say("No backup is past its date.")
