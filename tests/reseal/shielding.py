"""What the tests of the shield do: runs that seal behind it, applications that write past it."""

from reseal.secret import Secret
from reseal.shield import raise_shield
from tests.reseal.scene import SEED, Scene

NEW = "GEZDGNBVGY3TQOJQ"
THIRD = "MFRGGZDFMZTWQ2LK"

# As an ORM saves what it has read: every column.
SAVE = "UPDATE users SET email = %s, mfa_secret = %s WHERE id = %s"

TRIGGERS = "SELECT tgname::text FROM pg_trigger WHERE tgname LIKE 'reseal_shield%' ORDER BY 1"


def seal(scene: Scene) -> None:
    """Back the whole table up and sweep it once."""
    scene.take_backup()
    scene.sweep_heaps()


def shielded(scene: Scene, *secrets: str) -> list[int]:
    """Enrol users and let a run seal them behind the shield."""
    rows = scene.enrol(*secrets or (SEED,))
    raise_shield(scene.store, scene.target)
    seal(scene)
    return rows


def save(scene: Scene, row: int, secret: str | None) -> None:
    """Write a row back with a secret that was read before."""
    scene.admin.execute(SAVE, [f"saved{row}@example.com", secret, row])


def envelope(scene: Scene, row: int, text: str) -> str:
    """Seal a secret for a row as an application does."""
    return str(scene.keyring.seal(scene.target.field.place((row,)), Secret(text)))


def enrol_sealed(scene: Scene, row: int, text: str) -> None:
    """Enrol a user anew, as an application with the library does."""
    scene.put(row, envelope(scene, row, text))


def triggers(scene: Scene) -> list[str]:
    """The triggers of shields that stand anywhere, partitions' parts among them."""
    return [name for (name,) in scene.admin.execute(TRIGGERS)]
