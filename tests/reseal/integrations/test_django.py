"""Django models, django-otp and django-allauth, in a process of their own."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.conftest import clone, url_of
from tests.flows.scene import clean_environment
from tests.reseal.integrations.django_site.tell import AFTER, BEFORE

pytest.importorskip("django")

HERE = Path(__file__).parent / "django_site"
TELL = [sys.executable, "-m", "tests.reseal.integrations.django_site.tell"]


def stories() -> Iterator[str]:
    """The names as the process gives them, without its Django."""
    for room in (BEFORE, *AFTER):
        for node in ast.parse((HERE / f"{room}.py").read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("story_"):
                yield f"{room}: {node.name.removeprefix('story_').replace('_', ' ')}"


@pytest.fixture(scope="module")
def told(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str | None]:
    """What went wrong in each story."""
    name = f"reseal_django_{uuid4().hex[:12]}"
    environment = {**clean_environment(), "TEST_KEK": "A" * 43 + "="}
    with psycopg.connect(server, autocommit=True) as connection:
        clone(connection, template, name)
        words = [url_of(server, name), os.fspath(tmp_path_factory.mktemp("site"))]
        ended = subprocess.run(
            [*TELL, *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    assert ended.returncode == 0, ended.stderr
    found: dict[str, str | None] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("story", list(stories()))
def test_story(told: dict[str, str | None], story: str) -> None:
    wrong = told[story]
    if wrong is not None:
        pytest.fail(wrong, pytrace=False)
