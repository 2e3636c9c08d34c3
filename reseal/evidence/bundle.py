"""A bundle by what its manifest says, of which nothing is checked here."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from reseal.errors import EvidenceError
from reseal.evidence.shelf import Shelf
from reseal.evidence.statement import MANIFEST, Link, link_of


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle says of itself, and where it says that it stands in the chain.

    `previous` is the bundle it follows; `link` is None where there is no manifest.
    """

    name: str
    link: Link | None
    chain: str | None
    previous: Link | None
    facts: dict[str, Any]


Found = TypeVar("Found", bound=Bundle)


def read_bundle(shelf: Shelf, name: str) -> Bundle:
    """Read the manifest of a bundle, whatever it holds."""
    try:
        manifest = shelf.read(f"{name}/{MANIFEST}")
    except EvidenceError:
        return Bundle(name, None, None, None, {})
    try:
        facts = json.loads(manifest)
    except (ValueError, RecursionError):
        facts = None
    facts = facts if isinstance(facts, dict) else {}
    return Bundle(name, link_of(name, manifest), *place(facts), facts)


def place(facts: dict[str, Any]) -> tuple[str | None, Link | None]:
    """Return by the facts of a manifest which chain it is of, and what it follows there."""
    chain, previous = facts.get("chain"), facts.get("previous")
    try:
        return chain, Link(**previous) if previous is not None else None
    except TypeError:
        return chain, None


def in_order(bundles: Iterable[Found]) -> list[Found]:
    """Return bundles as they follow each other; those that no link leads to come at the end."""
    after: dict[Link | None, list[Found]] = {}
    for bundle in bundles:
        after.setdefault(bundle.previous, []).append(bundle)
    ordered: list[Found] = []
    waiting = list(after.pop(None, []))
    while waiting:
        bundle = waiting.pop(0)
        ordered.append(bundle)
        waiting += after.pop(bundle.link, []) if bundle.link else []
    return ordered + [bundle for rest in after.values() for bundle in rest]
