"""A reader in another language, written from the specification, answers as the vectors say."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.golden import GOLDEN, opens, refused

READER = Path(__file__).with_name("envelope.mjs")
_MISSING = "Node is not on the path: install it (Debian: nodejs)"


@pytest.fixture(scope="module", params=GOLDEN, ids=lambda path: path.parent.name)
def answered(request: pytest.FixtureRequest) -> tuple[Path, dict[str, list[str]]]:
    """What the reader in JavaScript says of the vectors of each format."""
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(_MISSING)
    said = subprocess.run(
        [node, READER, request.param], capture_output=True, text=True, timeout=60, check=True
    )
    assert not said.stderr
    return request.param, json.loads(said.stdout)


def test_it_opens_every_golden_envelope(answered):
    path, said = answered

    assert said["opens"] == [vector["plaintext"] for vector in opens(path)]


def test_it_refuses_every_other_with_the_name_of_the_error(answered):
    path, said = answered

    wanted = {vector["what"]: vector["error"] for vector in refused(path)}
    assert dict(zip(wanted, said["refused"], strict=True)) == wanted


def test_it_needs_nothing_but_node():
    imported = [line for line in READER.read_text().splitlines() if line.startswith("import ")]

    assert len(imported) == 3
    assert all(' from "node:' in line for line in imported)
