"""The runbook's example brings every secret back from a run's files, whatever came late."""

import re
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest

from reseal.backup.location import Location
from tests.reseal.backing_up import NEW, backed_up, copies, copying
from tests.reseal.scene import SEED, Scene

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"
EXAMPLE = re.compile(r"\n      import pathlib.*?(?=\n  \S)", re.DOTALL)
LATEST = "MFRGGZDFMZTWQ2LK"


@pytest.fixture
def restores(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the runbook says, once Reseal's schema and all secrets are gone."""
    parts = psycopg.conninfo.conninfo_to_dict(scene.access.url)
    for variable, part in (("PGHOST", "host"), ("PGPORT", "port"), ("PGDATABASE", "dbname"),
                           ("PGUSER", "user"), ("PGPASSWORD", "password")):  # fmt: skip
        if parts.get(part):
            monkeypatch.setenv(variable, str(parts[part]))
    kek = tmp_path / "backup_kek"
    kek.write_text(scene.access.variables["TEST_BACKUP_KEK"])
    kek.chmod(0o600)
    (example,) = EXAMPLE.findall(RUNBOOK.read_text())

    def restore() -> None:
        scene.admin.execute("DROP SCHEMA reseal CASCADE; UPDATE users SET mfa_secret = NULL")
        code = dedent(example).replace("/etc/reseal/backup_kek", str(kek))
        exec(code.replace("/backups/RUN", f"{tmp_path}/backups/{scene.run_id}"), {})

    return restore


def copied(scene: Scene, tmp_path: Path) -> list[int]:
    rows = scene.enrol(SEED, SEED, SEED)
    # Of another field there are files in the same directory.
    other = scene.described(name="users.email", column="email", format="text")
    place = Location(str(tmp_path / "backups"))
    backed_up(scene, place)
    backed_up(other, place)
    return rows


def test_a_backup_to_which_nothing_came_late_comes_back(scene, tmp_path, restores):
    rows = copied(scene, tmp_path)
    scene.sweep()
    restores()

    assert scene.stored() == dict.fromkeys(rows, SEED)


def test_what_came_late_comes_back_too_and_the_latest_of_it(scene, tmp_path, restores):
    first, second, third = copied(scene, tmp_path)
    for text in (NEW, LATEST):
        scene.put(first, text)
        scene.sweep()
        copying(scene).copy_late()
    (new,) = scene.enrol(NEW)
    scene.sweep()
    copying(scene).copy_late()
    assert len(copies(scene)) == 4
    restores()

    assert scene.stored() == {first: LATEST, second: SEED, third: SEED, new: NEW}


def test_without_the_first_file_nothing_is_put_back(scene, tmp_path, restores):
    (first, *_) = copied(scene, tmp_path)
    scene.put(first, NEW)
    scene.sweep()
    copying(scene).copy_late()
    Path(copies(scene)[0]).unlink()

    with pytest.raises(AssertionError, match="the first file is missing"):
        restores()
    assert set(scene.stored().values()) == {None}
