"""`reseal residue`: look for old secrets beside the rows, and change nothing."""

from pathlib import Path
from typing import Any

from flows.opening import Opening
from flows.screen import print_rows, say
from reseal.errors import ConfigurationError
from reseal.residue.gather import gather
from reseal.residue.look import Search
from reseal.residue.originals import Backups
from reseal.residue.places import Places
from reseal.store import catalog, schema
from reseal.store.store import Store


def look(config: Path | None, fields: list[str]) -> dict[str, Any]:
    """Look at every place for what the backups of the chosen fields hold."""
    opening = Opening.by(config)
    chosen = opening.config.select(fields)
    with opening.connected("residue") as store:
        targets = [opening.access.target(store, field.name) for field in chosen]
        for target in targets:
            catalog.try_reading(store, target)
        return _look(opening, store, targets)


def _look(opening: Opening, store: Store, targets: list[catalog.Target]) -> dict[str, Any]:
    backups = [Backups.of(store, one) for one in targets] if schema.exists(store) else []
    if not any(one.run_ids for one in backups):
        raise ConfigurationError(
            "there is no proven backup of these fields, which would tell what to look for; "
            "see `reseal backup list`"
        )
    gathered = gather(opening.access, store, backups)
    places = Places.of_fields(store, targets).every()
    with Search.of(opening.access, gathered.parts) as search:
        seen = search.look(places)
    return {
        "fields": [target.field.name for target in targets],
        "secrets": gathered.secrets,
        "clean": seen.is_clean and not gathered.not_verified(),
        "found": seen.counts(),
        "places": seen.places(),
        "not_verified": [*seen.not_verified(), *gathered.not_verified()],
    }


def show(document: dict[str, Any]) -> None:
    """Show every place, what was found there, and what nobody can say."""
    print_rows(
        [
            {
                "kind": place["kind"],
                "place": place["place"],
                "bytes": place["bytes"],
                "found": "not verified" if place["found"] is None else f"{place['found']:,}",
            }
            for place in document["places"]
        ]
    )
    for why in document["not_verified"]:
        say(f"not verified: {why}")
    say(f"{document['secrets']:,} old secrets of {', '.join(document['fields'])} were looked for")
    if document["clean"]:
        say("Nothing of them is left in what `reseal` cleans: tables, indexes, statistics.")
