"""`reseal score`: both scores with every term, and advice as text. Only reads."""

from typing import Any

from flows.flags import ConfigPath, Fields, Json, print_document
from flows.opening import Opening
from flows.screen import console, say
from flows.terms_shown import Term, print_terms
from reseal.errors import ShelfUnreachable
from reseal.scores.last_verified import last_verified
from reseal.scores.reading import Verified
from reseal.scores.score import UNKNOWN
from reseal.scores.take import SCORES, take_scores


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
        print_terms(map(_term, found["terms"]))
    for one in document["advice"]:
        say(f"\n{one['table']}: {one['what']}\n{one['why']}\n    {one['statement']}")
    for table, why in document["no_advice"].items():
        say(f"no advice on {table}: {why}")
    if document["advice"]:
        say("\nNothing of this was run.")


def _heading(found: dict[str, Any]) -> str:
    measured = f"computed from {found['measured']:g} of {found['out_of']} points"
    return f"\n{found['name']}: {found['value']} of {found['out_of']}, {measured}"


def _term(one: dict[str, Any]) -> Term:
    said = f"{one['value']}: {one['sentence']}"
    return Term(one["points"], one["most"], one["value"] != UNKNOWN, one["name"], said)
