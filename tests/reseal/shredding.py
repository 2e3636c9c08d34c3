"""The verbs that the tests of shredding are written in."""

from pathlib import Path

from reseal.backup.copies import Copying
from reseal.backup.location import Location
from reseal.backup.shred import Shredder
from reseal.quarantine.trouble import Trouble
from tests.reseal.scene import Scene

NEW = "GEZDGNBVGY3TQOJQ"
WAS_SHREDDED = "SELECT wrapped IS NULL, shredded IS NOT NULL FROM reseal.backup_set"


def shredder(scene: Scene, approved_by: str = "", *unseen: str) -> Shredder:
    return Shredder(scene.access, scene.store, "ada", approved_by, frozenset(unseen))


def sealed(scene: Scene, *secrets: str, to: Path | None = None) -> list[int]:
    """Rows that a run has backed up, copied and sealed."""
    rows = scene.enrol(*secrets)
    scene.back_up()
    scene.prove()
    if to:
        kek = scene.access.backup_kek()
        Copying(scene.store, scene.target, scene.run_id, kek).copy(Location(str(to)))
    scene.sweep()
    return rows


def break_row(scene: Scene, row: int) -> None:
    """Damage an envelope so that it is malformed."""
    scene.admin.execute(
        "UPDATE users SET mfa_secret = left(mfa_secret, 180) || '====' WHERE id = %s", [row]
    )


def set_aside(
    scene: Scene, row: int, trouble: Trouble = Trouble.REFUSED, *, accepted: bool = False
) -> None:
    """Let a row be quarantined, and somebody accept it as it is."""
    scene.admin.execute(
        "INSERT INTO reseal.quarantine (field, row_key, run_id, class, reason, accepted)"
        " VALUES (%s, %s, %s, %s, 'x', CASE WHEN %s THEN now() END)",
        [scene.name, [str(row)], scene.run_id, str(trouble), accepted],
    )


def is_shredded(scene: Scene) -> bool:
    rows = scene.admin.execute(WAS_SHREDDED).fetchall()
    assert rows in ([(True, True)], [(False, False)])
    return rows == [(True, True)]
