"""`reseal score`: both scores with every term, and advice as text. Only reads."""

from typing import Any

from rich.table import Table
from rich.text import Text

from flows.flags import ConfigPath, Fields, Json, print_document
from flows.opening import Opening
from flows.screen import console, say
from reseal.errors import ShelfUnreachable
from reseal.scores.last_verified import last_verified
from reseal.scores.reading import Verified
from reseal.scores.score import UNKNOWN
from reseal.scores.take import SCORES, take_scores

_FULL, _PART, _NONE = "green", "yellow", "bold red"


def score(fields: Fields = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Compute the security score and the storage efficiency, show every term, and give advice.

    Nothing is written.
    """
    opening = Opening.by(config)
    names = [field.name for field in opening.config.select(fields or [])]
    with opening.connected("score") as store:
        scores = take_scores(opening.access, store, names, _verified(opening))
    print_document({"fields": names, **scores.as_dict()}, as_json, show)


def _verified(opening: Opening) -> dict[str, Verified]:
    # The audit log knows of runs that write; of verifications only the evidence does.
    try:
        return last_verified(opening.shelf, [field.name for field in opening.config.fields])
    except ShelfUnreachable as error:
        say(f"verifications are left out that only the evidence has: {error}")
        return {}


def show(document: dict[str, Any]) -> None:
    """Show both scores, every term of them, and the advice."""
    for score_name in SCORES:
        found = document[score_name]
        console.print(_heading(found), style="bold")
        console.print(_terms(found["terms"]))
    for one in document["advice"]:
        say(f"\n{one['table']}: {one['what']}\n{one['why']}\n    {one['statement']}")
    for table, why in document["no_advice"].items():
        say(f"no advice on {table}: {why}")
    if document["advice"]:
        say("\nNothing of this was run.")


def _heading(found: dict[str, Any]) -> str:
    measured = f"computed from {found['measured']:g} of {found['out_of']} points"
    return f"\n{found['name']}: {found['value']} of {found['out_of']}, {measured}"


def _terms(terms: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for term in terms:
        points = Text(f"{term['points']:g} of {term['most']}", style=_style(term))
        table.add_row(points, Text(term["name"]), Text(f"{term['value']}: {term['sentence']}"))
    return table


def _style(term: dict[str, Any]) -> str:
    if term["value"] == UNKNOWN:
        return "magenta"
    if term["points"] >= term["most"]:
        return _FULL
    return _PART if term["points"] else _NONE
