"""What a person sees of a run that has ended: outcome, census, rows set aside, what is left."""

from typing import Any

from flows.screen import census_cells, console, print_rows, say


def show_result(document: dict[str, Any]) -> None:
    """Show the outcome of a run: census before and after, rows set aside, where the record is."""
    console.print(f"\n{document['flow']}: {document['outcome']}", style="bold")
    print_rows(
        [
            {"field": name, "": when, **census_cells(part[when])}
            for name, part in document["fields"].items()
            for when in ("before", "after")
            if part[when]
        ]
    )
    for name, part in document["fields"].items():
        _show_field(name, part)
    console.print(document["message"], markup=False, soft_wrap=True)
    console.print(f"evidence: {document['evidence']}", markup=False, soft_wrap=True)
    if document["evidence_head"]:
        say(f"head of the chain: {document['evidence_head']}")


def _show_field(name: str, part: dict[str, Any]) -> None:
    for row in part["rows_set_aside"][:20]:
        accepted = " (accepted as it is)" if row.get("accepted") else ""
        say(f"  {name} {'/'.join(row['key'])}: {row['reason']}{accepted}")
    for text in part["reminders"]:
        say(f"  {name}: {text}")
