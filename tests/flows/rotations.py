"""Two tables and what happens to them: rotations beside an application, killed, refused, failed."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.audit.action import Action
from reseal.envelope import Envelope
from reseal.kek import open_kek
from reseal.store import data_key, event, schema
from reseal.store.event import Event
from tests.flows.conftest import BRISK, Ended
from tests.flows.scene import (
    FIELD,
    Meanwhile,
    Scene,
    Stored,
    flipped,
    secret_of,
    secrets,
    set_secret,
    wait_until,
)

USERS, MORE_USERS = 300, 1500
ENROLLED, SEALED_OLD, DAMAGED = 11, 12, 13
OLD, NEW_PLAINTEXT, NEW_SEALED = "JBSWY3DPEHPK3PXP", "NEWPLAINTEXT2345", "NEWSEALED2345672"
READY = "--assume-readers-ready"
KEYS = "SELECT json_object_agg(version, state) FROM reseal.data_key"
EVENTS = "SELECT json_agg(json_build_array(action, detail) ORDER BY event_id) FROM reseal.event"
RESEALED = """
SELECT coalesce(sum(changed), 0)::int FROM reseal.batch WHERE turn = 'reseal' AND key_version = 3
"""
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION slow();
"""
DEAF = """
CREATE FUNCTION deaf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER deaf BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION deaf();
"""
READER = """
INSERT INTO reseal.reader (instance, library, opens, seals, policy)
VALUES ('gone/1/abc', '0', '{"1": "00"}', true, 'allow')
"""
UNLIMITED = BRISK.replace("[reseal]", "[reseal]\nmost_quarantined_percent = 100")
LONG_AGO = "UPDATE reseal.reader SET seen = seen - interval '2 minutes'"


@dataclass(frozen=True)
class Step:
    """A rotation that ended, and the keys and rows after it."""

    ended: Ended
    keys: dict[str, str]
    stored: Stored

    @property
    def said(self) -> str:
        """The message of the document."""
        return str(self.ended.document["message"])

    @property
    def versions(self) -> set[int]:
        """The key versions that stand in the column."""
        return {Envelope.parse(text).key_version for text in self.stored.values() if text}


@dataclass
class Story:
    """What happened to one table, step by step; `had` is what its users had at first."""

    scene: Scene
    had: Stored
    steps: dict[str, Step] = field(default_factory=dict)

    def rotates(self, name: str, *words: str, url: str = "") -> None:
        """Run a rotation as the step of this name."""
        database = {"RESEAL_DATABASE_URL": url or self.scene.database}
        ended = self.scene.command_line.run("rotate", *words, "--json", timeout=180, **database)
        self.steps[name] = Step(ended, self.keys(), self.scene.stored())

    def rolls_back(self, name: str, step: Step) -> None:
        """Roll the run of another step back, as the step of this name."""
        ended = self.scene.command_line.run("rollback", step.ended.run_id, "--json", timeout=180)
        self.steps[name] = Step(ended, self.keys(), self.scene.stored())

    def keys(self) -> dict[str, str]:
        """The state of every key by version."""
        states: dict[str, str] = self.scene.ask(KEYS)
        return states

    def details(self, action: str) -> list[dict[str, Any]]:
        """What the audit log says of an action, each time."""
        return [detail for name, detail in self.scene.ask(EVENTS) if name == action]

    def does(self, statement: str) -> None:
        """Change the database as its owner."""
        with self.scene.connect() as connection:
            connection.execute(statement.encode())


def enrolled(scene: Scene, users: int) -> Story:
    """A table of users with secrets in plaintext."""
    texts = secrets(users, random.Random(users))
    for key in (ENROLLED, SEALED_OLD, DAMAGED):
        texts[key - 1] = OLD
    return Story(scene, {key: text for key, text in scene.enrol(texts).items() if text})


def seal_all(story: Story) -> None:
    """Do in short what an encryption does."""
    with story.scene.library() as (access, store), story.scene.connect() as connection:
        schema.migrate(store)
        data_key.ensure_active(store, access.kek(), "test")
        for key, text in story.had.items():
            set_secret(connection, key, story.scene.seal(key, str(text)))


def beside_an_application(story: Story) -> None:
    """Rotate beside an application that learns the next key after it has enrolled two users.

    Another instance reads all the while and never looks for keys of its own accord.
    """
    meanwhile, environment = Meanwhile(), story.scene.command_line.environment
    kek = open_kek(environment["RESEAL_KEK"], environment)
    with ConnectionPool(story.scene.database, min_size=1, max_size=3) as pool:
        config = story.scene.directory / "reseal.toml"
        vault, old = (Vault.connect(pool, config, kek, beats=None) for _ in range(2))
        vault.heartbeat()

        def reports() -> None:
            # The key that the run before it left behind is taken up.
            meanwhile.waits_for(lambda: len(story.details("key staged")) == 2)
            with story.scene.connect() as connection:
                set_secret(connection, ENROLLED, NEW_PLAINTEXT)
                set_secret(connection, SEALED_OLD, vault.seal(FIELD, SEALED_OLD, NEW_SEALED))
            while not meanwhile.ended.wait(0.2):
                vault.refresh()
                vault.heartbeat()

        def reads() -> None:
            with story.scene.connect() as connection:
                while not meanwhile.ended.wait(0.002):
                    key = random.choice(list(story.had))
                    read = old.read(FIELD, key, secret_of(connection, key)).reveal()
                    assert read in (story.had[key], NEW_PLAINTEXT, NEW_SEALED)

        with meanwhile.does(reports, reads):
            story.rotates("live")


def beside_a_dying_reader(story: Story) -> None:
    """Rotate while the only reader dies as soon as it could learn the next key."""
    meanwhile = Meanwhile()
    story.does(READER)

    def dies() -> None:
        meanwhile.waits_for(lambda: "staged" in story.keys().values())
        story.does(LONG_AGO)

    with meanwhile.does(dies):
        story.rotates("dying reader")


def kill_amid_a_rotation(story: Story) -> None:
    """Rotate once more, long after, and kill the run when it has resealed some rows."""
    story.does(LONG_AGO)
    story.does(SLOW)
    process = story.scene.command_line.start("rotate", "--safe", READY, "--json")
    try:
        wait_until(lambda: story.scene.ask(RESEALED) or process.poll() is not None)
    finally:
        process.kill()
        out, err = process.communicate()
    story.steps["killed"] = Step(
        Ended(process.wait(), out, err), story.keys(), story.scene.stored()
    )
    story.does("DROP TRIGGER slow ON users")


@contextmanager
def reading_role(story: Story) -> Iterator[str]:
    """The URL for a role that may read everything and write nothing."""
    name = f"auditor_{uuid4().hex[:8]}"
    story.does(f"CREATE ROLE {name} LOGIN IN ROLE pg_read_all_data")
    yield make_conninfo(story.scene.database, user=name)
    story.does(f"DROP ROLE {name}")


def told_in_full(story: Story) -> Story:
    """Encrypt, rotate when a live application is ready and not before, be killed, go on."""
    ended = story.scene.command_line.run("encrypt", "--json")
    assert ended.code == 0, ended.err
    beside_a_dying_reader(story)
    beside_an_application(story)
    kill_amid_a_rotation(story)
    story.rotates("gone on")
    story.rolls_back("not the last", story.steps["live"])
    story.rolls_back("rolled back", story.steps["gone on"])
    return story


def without_its_guard(story: Story) -> None:
    """Rotate where the guard was raised, by the audit log, and somebody took it off."""
    with story.scene.library() as (_, store):
        event.append(store, Event(None, "ada", Action.GUARD, {"field": FIELD, "raised": True}))
    story.rotates("not true", READY)
    with story.scene.library() as (_, store):
        event.append(store, Event(None, "ada", Action.GUARD_DROPPED, {"field": FIELD}))


def told_of_faults(story: Story) -> Story:
    """Be refused twice, and fail four times."""
    seal_all(story)
    story.rotates("no reader")
    with reading_role(story) as url:
        story.rotates("no rights", READY, url=url)
    without_its_guard(story)
    story.does(DEAF)
    story.rotates("tripped", READY)
    story.scene.command_line.write_config(UNLIMITED)
    story.rotates("deaf")
    story.does("DROP TRIGGER deaf ON users")
    with story.scene.connect() as connection:
        set_secret(connection, DAMAGED, flipped(secret_of(connection, DAMAGED)))
    story.rotates("damaged")
    story.rotates("compromised", "--compromised", "2")
    story.rolls_back("not trusted", story.steps["compromised"])
    return story
