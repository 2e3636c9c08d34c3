"""Rotations in a row, as quarters bring them; `make keys` has ten, and more rows."""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from reseal.place import Place
from reseal.secret import Secret
from reseal.store import data_key, schema
from tests.flows.rotations import KEYS, READY
from tests.flows.scene import FIELD, Scene, secrets

pytestmark = pytest.mark.slow

ROTATIONS = int(os.environ.get("ROTATIONS", "3"))
ROWS = int(os.environ.get("ROTATED_ROWS", "3000"))


def sealed(scene: Scene) -> dict[int, str]:
    """Enrol users whose secrets are sealed under the first key; return what they have."""
    texts = [text for text in secrets(2 * ROWS, random.Random(ROWS)) if text][:ROWS]
    with scene.library() as (access, store):
        schema.migrate(store)
        keyring = data_key.ensure_active(store, access.kek(), "test")
        scene.enrol(
            str(keyring.seal(Place(FIELD, (key,)), Secret(text)))
            for key, text in enumerate(texts, start=1)
        )
    return dict(enumerate(texts, start=1))


def rotate(scene: Scene) -> dict[str, Any]:
    """Rotate once, with all cores; return what became of the rows."""
    ended = scene.command_line.run("rotate", READY, "--aggressive", "--json")
    assert ended.code == 0, ended.document["message"] + ended.err
    return ended.part(FIELD)


def test_after_rotations_in_a_row_every_secret_is_what_it_was(
    make_scene: Callable[[], Scene],
) -> None:
    scene = make_scene()
    had = sealed(scene)
    assert len(had) >= ROWS

    parts = [rotate(scene) for _ in range(ROTATIONS)]

    assert [part["changed"] for part in parts] == [ROWS] * ROTATIONS
    versions = [part["after"]["sealed"] for part in parts]
    assert versions == [{str(version): ROWS} for version in range(2, ROTATIONS + 2)]
    states = scene.ask(KEYS)
    assert states.pop(str(ROTATIONS + 1)) == "active"
    assert set(states.values()) == {"retiring"}
    assert scene.opened() == had
