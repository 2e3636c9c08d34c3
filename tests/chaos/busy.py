"""A table of users whose secrets are sealed but for some, and everybody who uses it meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from reseal.place import Place
from reseal.secret import Secret
from reseal.store import data_key, schema
from tests.chaos.application import Application, serving
from tests.chaos.desk import is_plain
from tests.chaos.instances import Visitors, keeps_up, vault_on
from tests.flows.scene import FIELD, Meanwhile, Scene, Stored, secrets

# The first of so many parts of the users are visitors; one in so many rows is plaintext at first.
_VISITORS, _PLAIN = 10, 20
_MOST = 5

# A campaign of many kills takes long; what the application takes of the machine, it lacks.
_REST_SECONDS = 0.008


@dataclass(frozen=True)
class Users:
    """Those that the application writes, and those that only log in; why keys were not loaded."""

    application: Application
    visitors: Visitors
    unloaded: list[str]

    @property
    def oracle(self) -> Stored:
        """What every user enrolled last, by row key."""
        return {**self.application.oracle, **self.visitors.users}

    def failures(self) -> list[str]:
        """Say which logins failed, and which looks for keys."""
        failed = self.application.counts["failed logins"]
        said = [f"{failed} logins of writers failed"] if failed else []
        said += [f"a login failed: {text}" for text in self.visitors.failed[:_MOST]]
        return said + [f"the keys could not be loaded: {text}" for text in self.unloaded[:_MOST]]

    @property
    def logins(self) -> int:
        """How many logins there were."""
        return self.application.counts["logins"] + self.visitors.logins


@contextmanager
def busy(scene: Scene, rows: int, seed: int) -> Iterator[Users]:
    """Have writers and readers at a new table for the length of the block.

    Writers share a vault that keeps up with the keys; visitors have one that does not.
    """
    dice = Random(seed)
    had = _enrol(scene, rows, dice)
    visiting = {key: text for key, text in had.items() if text and key <= rows // _VISITORS}
    others = {key: text for key, text in had.items() if key not in visiting}
    with vault_on(scene) as vault, vault_on(scene) as still:
        users = Users(
            Application(scene, vault, others, Random(dice.random()), _REST_SECONDS),
            Visitors(scene, still, visiting, Random(dice.random())),
            unloaded=[],
        )
        meanwhile = Meanwhile()
        vault.heartbeat()
        keeping_up = keeps_up(vault, meanwhile.ended, users.unloaded)
        logging_in = users.visitors.log_in(meanwhile.ended)
        with serving(users.application), meanwhile.does(keeping_up, logging_in):
            yield users


def _enrol(scene: Scene, rows: int, dice: Random) -> Stored:
    had = dict(enumerate(secrets(rows, dice), start=1))
    with scene.library() as (access, store):
        schema.migrate(store)
        keyring = data_key.ensure_active(store, access.kek(), "test")
    sealed = {
        key: str(keyring.seal(Place(FIELD, (key,)), Secret(text)))
        for key, text in had.items()
        if text and is_plain(text) and key % _PLAIN
    }
    scene.enrol(sealed.get(key, text) for key, text in had.items())
    return had
