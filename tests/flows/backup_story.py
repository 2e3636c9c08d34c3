"""What a table's backups go through, command by command."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reseal import open_backup
from reseal.kek import open_kek
from tests.chaos.hold import Hold, holding
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene, set_secret, wait_until

USERS = 150
OLD, NEW, LATEST = "JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ", "MFRGGZDFMZTWQ2LK"
LATE = """
INSERT INTO users (id, email, mfa_secret) VALUES (%s, 'late', %s) ON CONFLICT DO NOTHING
"""


@dataclass
class Told:
    """What each command of a story said, by its name, and where its copies were."""

    scene: Scene
    had: dict[int, str | None]
    steps: dict[str, Ended] = field(default_factory=dict)
    copied: list[tuple[str, dict[tuple[str, ...], str], int]] = field(default_factory=list)

    def does(self, name: str, *words: str, **environment: Any) -> Ended:
        """Run a command as the step of this name."""
        self.steps[name] = self.scene.command_line.run(*words, **environment)
        return self.steps[name]

    def interrupted(self, name: str, meanwhile: Callable[[], None], *words: str) -> None:
        """Encrypt, and do something in between, when the backup is proven and no row sealed."""
        proven = Hold("event", "AFTER INSERT", "NEW.action = 'backup proven'")
        with self.scene.connect() as connection, holding(connection, proven) as held:
            process = self.scene.command_line.start("encrypt", "--json", *words)
            wait_until(lambda: held.has_come or process.poll() is not None)
            meanwhile()
            held.let_go()
            out, err = process.communicate(timeout=120)
        self.steps[name] = Ended(process.wait(), out, err)

    def enrols_late(self, key: int) -> None:
        """Let a user enrol anew, and another one come, if there is not."""
        with self.scene.connect() as connection:
            set_secret(connection, key, NEW)
            connection.execute(LATE, [USERS + 1, LATEST])

    def gets_in_the_way(self) -> None:
        """Let a user enrol anew, and somebody put a file where the late copy is to go."""
        self.enrols_late(4)
        (path,) = self.copies
        path.with_name(f"{FIELD}.late.reseal-backup").write_bytes(b"in the way")

    def opens(self, path: Path) -> None:
        """Read a copy with the library and the backup KEK."""
        environment = self.scene.command_line.environment
        file = open_backup(path, open_kek(environment["RESEAL_BACKUP_KEK"], environment))
        held = {key: secret.reveal() for key, secret in file}
        self.copied.append((path.name, held, path.stat().st_mode & 0o777))

    @property
    def copies(self) -> list[Path]:
        return sorted(self.scene.directory.rglob("*.reseal-backup"))

    @property
    def run_id(self) -> str:
        return self.steps["encrypt"].run_id
