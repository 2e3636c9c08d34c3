"""What runs have left that did not come to their end, here and on machines that are gone."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from reseal.errors import EvidenceError
from reseal.evidence import manifest
from reseal.evidence.announcement import announced, withdraw
from reseal.evidence.closing import Closing
from reseal.evidence.directory import Evidence, open_runs
from reseal.evidence.opening import server
from reseal.evidence.shelf import OPEN
from reseal.store.session import is_connected
from reseal.store.store import Store

# Runs on other machines are known to be alive by their sessions. Each writes by ones of this name.
CALL = "SELECT set_config('application_name', 'reseal run ' || %s, false)"


def show_alive(store: Store, name: str) -> None:
    """Let other machines see that a run is at work, for as long as this session lasts."""
    store.execute(CALL, [name])


def killed(closing: Closing, root: Path) -> Iterator[Evidence]:
    """Hold what nobody on this machine holds, and is not closed."""
    for name in open_runs(root):
        evidence = Evidence.take_up(root, name)
        if evidence is None:
            continue
        if closing.is_closed(name):
            # Killed when nothing was left to do but to clear up.
            evidence.let_go()
            if closing.is_elsewhere(root) and closing.has_all(evidence):
                shutil.rmtree(evidence.directory)
        else:
            yield evidence


def lost(closing: Closing, root: Path, store: Store) -> Iterator[Evidence]:
    """Hold what another machine announced, and of which this database has no session any more.

    What was begun on another database is left to those who can ask that one.
    """
    shelf = closing.shelf
    for name in sorted(shelf.names(OPEN) - set(open_runs(root))):
        if closing.is_closed(name):
            withdraw(shelf, name)
            continue
        opening = _announced(closing, name)
        if not _is_of(opening.get("server"), store) or is_connected(store, name):
            continue
        evidence = Evidence.take_up(root, name)
        if evidence is not None:
            evidence.write(manifest.OPENING, opening)
            yield evidence


def _announced(closing: Closing, name: str) -> dict[str, Any]:
    """Return what was announced, or nothing where it was changed or is of another key."""
    with suppress(EvidenceError):
        content = closing.shelf.read(f"{OPEN}/{name}")
        return announced(content, name, [closing.key.public])
    return {}


def _is_of(said: object, store: Store) -> bool:
    here, words = server(store), ("system", "database")
    return (
        isinstance(said, dict)
        and here["system"] is not None
        and all(said.get(word) == here[word] for word in words)
    )
