"""A bad night, gone through by the runbook's own lines: what is gone comes back, and all opens."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.kek import open_kek
from tests.documents.markdown import RUNBOOK
from tests.documents.shell import commands
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene
from tests.flows.typed import types

pytestmark = pytest.mark.slow

SEED = "JBSWY3DPEHPK3PXP"
USERS = 20
DROPPED = "DROP SCHEMA reseal CASCADE"
LOST = 'see docs/runbook.md, "A key that is lost"'
# Enough for the first files of a run, and not for those of its end.
LITTLE = 120_000
_UNMOUNTED = "a small file system cannot be mounted here"


@dataclass(frozen=True)
class Night:
    """A database whose schema was dropped, and what each look and remedy said."""

    scene: Scene
    seen: dict[str, Ended]
    reads: list[str]
    enrols: bool


@contextmanager
def application(scene: Scene) -> Iterator[Vault]:
    """An application that has loaded its keys."""
    environment = scene.command_line.environment
    kek = open_kek(environment["RESEAL_KEK"], environment)
    with ConnectionPool(scene.database, min_size=1, max_size=2) as pool:
        vault = Vault.connect(pool, scene.directory / "reseal.toml", kek, beats=None)
        with vault:
            yield vault


@pytest.fixture(scope="module")
def night(make_scene: Callable[[], Scene]) -> Night:
    """Sealed, dumped, dropped, and brought back as the runbook says."""
    scene, seen = make_scene(), {}
    scene.enrol([SEED] * USERS)
    reseal = scene.command_line.run
    seen["encrypt"] = reseal("encrypt")
    types(scene, 'pg_dump --format=custom --file=backup.dump "$RESEAL_DATABASE_URL"')
    with application(scene) as vault:
        with scene.connect() as connection:
            connection.execute(DROPPED)
        vault.refresh()
        reads = [vault.read(FIELD, key, text).reveal() for key, text in scene.sealed().items()]
        enrols = vault.can_seal
    for words in ("check", "verify", "rotate"):
        seen[f"{words} without keys"] = reseal(words)
    seen["health"] = reseal("health", "--json")
    seen["watch"] = replace(scene.command_line, program="tests.flows.watch_often").run("1")
    for line in commands(RUNBOOK.section("A key that is lost")):
        types(scene, line)
    for words in ("check", "verify"):
        seen[f"{words} with them"] = reseal(words)
    return Night(scene, seen, reads, enrols)


def test_with_the_schema_dropped_an_application_that_runs_opens_all_and_seals_nothing(night):
    assert night.reads == [SEED] * USERS
    assert not night.enrols


@pytest.mark.parametrize(("command", "code"), [("check", 3), ("verify", 2), ("rotate", 2)], ids=str)
def test_with_the_schema_dropped_a_command_leads_to_the_runbook(night, command, code):
    ended = night.seen[f"{command} without keys"]

    assert (ended.code, LOST.removeprefix("see ") in ended.err) == (code, True), ended.err
    assert "nothing is sealed" not in ended.err


def test_with_the_schema_dropped_health_is_not_called_good_and_a_watch_fails(night):
    terms = {term["name"]: term["points"] for term in night.seen["health"].document["terms"]}
    assert terms["integrity"] == 0
    assert night.seen["watch"].code != 0
    assert LOST in night.seen["watch"].err


@pytest.mark.parametrize("command", ["check", "verify"])
def test_what_the_runbook_restores_is_as_it_was(night, command):
    ended = night.seen[f"{command} with them"]

    assert ended.code == 0, ended.err
    assert set(night.scene.opened().values()) == {SEED}
    assert len(night.scene.sealed()) == USERS


def test_a_schema_that_has_lost_rows_is_renamed_first_and_all_goes_on(night):
    with night.scene.connect() as connection:
        connection.execute("ALTER SCHEMA reseal RENAME TO reseal_before")
        connection.execute("TRUNCATE reseal_before.backup_set")
    for line in commands(RUNBOOK.section("A key that is lost")):
        types(night.scene, line)
    ended = night.scene.command_line.run("encrypt", "--guard")

    assert ended.code == 0, ended.err
    assert set(night.scene.opened().values()) == {SEED}


@contextmanager
def little_room(directory: Path) -> Iterator[None]:
    """A file system of its own with little room in it."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={LITTLE}", "reseal-night", str(directory)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.fail(_UNMOUNTED) if os.environ.get("CI") else pytest.skip(_UNMOUNTED)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", directory], capture_output=True, check=False)


def test_a_verification_whose_evidence_finds_no_room_is_told_and_its_record_is_closed_later(night):
    reseal = night.scene.command_line.run
    elsewhere = night.scene.directory / "small"
    with little_room(elsewhere):
        ended = reseal("verify", RESEAL_EVIDENCE=str(elsewhere))
        subprocess.run(["mount", "-o", "remount,size=64m", elsewhere], check=True)
        again = reseal("verify", RESEAL_EVIDENCE=str(elsewhere))
        checked = reseal("evidence", "verify", "--json", RESEAL_EVIDENCE=str(elsewhere))

    assert (ended.code, "Traceback" in ended.err) == (1, False), ended.err
    assert "is not closed" in ended.err
    assert "No space left on device" in ended.err or "disk of this machine is full" in ended.err
    assert (again.code, checked.code) == (0, 0), again.err + checked.err
    assert checked.document["bundles"] == 2


def test_evidence_that_was_deleted_is_not_called_intact(night):
    ended = night.scene.command_line.run("evidence", "verify", RESEAL_EVIDENCE="deleted")

    assert ended.code == 1
    assert "so nothing was checked" in ended.err
    assert "intact" not in ended.err + ended.out
