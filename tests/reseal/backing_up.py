"""The verbs that the tests of backups and their copies are written in."""

from reseal import open_backup
from reseal.backup import again, table
from reseal.backup.copies import Copying
from reseal.backup.location import Location
from tests.reseal.scene import Scene

NEW = "GEZDGNBVGY3TQOJQ"


def copying(scene: Scene) -> Copying:
    return Copying(scene.store, scene.target, scene.run_id, scene.access.backup_kek())


def backed_up(scene: Scene, place: Location) -> None:
    """Back up, prove and copy what stands in the table."""
    scene.back_up()
    scene.prove()
    copying(scene).copy(place)


def held(scene: Scene, text: str) -> dict[tuple[str, ...], str]:
    """What a backup file gives back."""
    return {key: secret.reveal() for key, secret in open_backup(text, scene.access.backup_kek())}


def copies(scene: Scene) -> tuple[str, ...]:
    return table.need(scene.store, scene.run_id, scene.name).copies


def prove_again(scene: Scene) -> again.Again:
    (found,) = again.prove_run(scene.store, scene.run_id, scene.access.backup_kek(), "test")
    return found
