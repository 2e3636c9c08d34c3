"""A database, or its table alone, that was restored: by the runbook's table, nothing is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reseal.envelope import Envelope
from tests.documents.markdown import RUNBOOK
from tests.flows.conftest import Ended
from tests.flows.scene import Scene, wait_until
from tests.flows.test_stop import ENVELOPES, SLOW
from tests.flows.typed import types

pytestmark = pytest.mark.slow

SEED = "JBSWY3DPEHPK3PXP"
USERS = 6_000
DUMP = 'pg_dump --format=custom --file={} {} "$RESEAL_DATABASE_URL"'
RESTORE = 'pg_restore --dbname="$RESEAL_DATABASE_URL" {}'
# What was restored as the runbook's table calls it, and the commands that it names for that.
STORIES = {
    "the table alone, beside a newer schema of Reseal's": ("verify", "encrypt", "rotate"),
    "to a time in the middle of a run": ("encrypt",),
}


@dataclass
class Restored:
    """What was sealed when it was back, what each command said, and what all opens to."""

    sealed: int
    ended: list[Ended] = field(default_factory=list)
    opened: dict[int, str] = field(default_factory=dict)
    versions: set[int] = field(default_factory=set)


def lived(scene: Scene, story: str) -> Restored:
    """Do what is to be done after a restore."""
    told = Restored(scene.ask(ENVELOPES))
    readers = {"rotate": ("--assume-readers-ready",)}
    for word in STORIES[story]:
        told.ended.append(scene.command_line.run(word, *readers.get(word, ())))
    told.opened = scene.opened()
    told.versions = {Envelope.parse(text).key_version for text in scene.sealed().values()}
    return told


def restore_all(scene: Scene, dump: str) -> None:
    """Have the database as it was, and nothing that came later."""
    database = sql.Identifier(str(conninfo_to_dict(scene.database)["dbname"]))
    elsewhere = make_conninfo(scene.database, dbname="postgres")
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
    types(scene, RESTORE.format(dump))


@pytest.fixture(scope="module")
def restored(make_scene: Callable[[], Scene]) -> dict[str, Restored]:
    """Dumped amid a run, and after it; rotated; then the table is restored, then all of it."""
    scene = make_scene()
    scene.enrol([SEED] * USERS)
    with scene.connect() as connection:
        connection.execute(SLOW)
    process = scene.command_line.start("encrypt")
    wait_until(lambda: scene.ask(ENVELOPES) > USERS / 10 or process.poll() is not None)
    types(scene, DUMP.format("amid.dump", ""))
    with scene.connect() as connection:
        connection.execute("DROP FUNCTION slow CASCADE")
    _, err = process.communicate(timeout=180)
    assert process.wait() == 0, err
    types(scene, DUMP.format("table.dump", "--table=users"))
    rotated = scene.command_line.run("rotate", "--assume-readers-ready")
    assert rotated.code == 0, rotated.err
    table, whole = STORIES
    with scene.connect() as connection:
        connection.execute("DROP TABLE users")
    types(scene, RESTORE.format("table.dump"))
    told = {table: lived(scene, table)}
    restore_all(scene, "amid.dump")
    with scene.connect() as connection:
        connection.execute("DROP FUNCTION slow CASCADE")
    return told | {whole: lived(scene, whole)}


@pytest.mark.parametrize("story", STORIES)
def test_what_the_runbook_says_of_a_restore_ends_well_and_nothing_is_lost(restored, story):
    told = restored[story]
    lines = RUNBOOK.section("Restoring the database").text.splitlines()
    (said,) = (line for line in lines if story in line)

    assert all(
        f"`reseal {word}`" in said or "same command again" in said for word in STORIES[story]
    )
    assert [ended.code for ended in told.ended] == [0] * len(told.ended), told.ended[-1].err
    assert told.opened == dict.fromkeys(range(1, USERS + 1), SEED)
    assert len(told.versions) == 1


def test_the_dumps_were_of_what_they_are_said_to_be_of(restored):
    table, amid = restored.values()

    assert table.sealed == USERS
    assert 0 < amid.sealed < USERS
