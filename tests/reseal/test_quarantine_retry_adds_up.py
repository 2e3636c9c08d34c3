"""Whatever the rows hold by now, each is counted once, and none that is in trouble is forgotten."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from reseal.keyring import Keyring
from reseal.quarantine.judgement import Fate
from reseal.secret import Secret
from tests.flows.scene import flipped
from tests.reseal.retrying import fates, retry
from tests.reseal.scene import SEED, Scene

ASIDE = """
INSERT INTO reseal.quarantine (field, row_key, run_id, class, reason)
SELECT %s, ARRAY[id::text], %s, 'refused', 'x' FROM users
"""
# Into every second row no envelope is let.
TIGHT = """
CREATE FUNCTION tight() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.id % 2 = 0 AND starts_with(NEW.mfa_secret, 'eyJ') THEN
        RAISE 'no' USING ERRCODE = '23514'; END IF; RETURN NEW; END $$;
CREATE TRIGGER tight BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION tight();
"""


class Application(NamedTuple):
    """Who seals, under the active key or the one before."""

    scene: Scene
    older: Keyring
    newer: Keyring

    def sealed(self, row: int, keyring: Keyring | None = None) -> str:
        place = self.scene.target.field.place((row,))
        return str((keyring or self.newer).seal(place, Secret(SEED)))


Holds = Callable[[Application, int], str | None]

# What a row holds, what becomes of it, and of one into which no envelope is let.
HOLDS: list[tuple[Holds, Fate, Fate]] = [
    (lambda _, _row: None, Fate.GONE, Fate.GONE),
    (lambda _, _row: "", Fate.GONE, Fate.GONE),
    (lambda _, _row: SEED, Fate.SEALED, Fate.LEFT),
    (lambda app, row: app.sealed(row), Fate.GONE, Fate.GONE),
    (lambda app, row: app.sealed(row, app.older), Fate.RESEALED, Fate.LEFT),
    (lambda app, row: flipped(app.sealed(row)), Fate.LEFT, Fate.LEFT),
    (lambda app, row: flipped(app.sealed(row, app.older)), Fate.LEFT, Fate.LEFT),
    (lambda app, row: app.sealed(row + 1000), Fate.LEFT, Fate.LEFT),
    (lambda app, row: app.sealed(row)[:-9], Fate.LEFT, Fate.LEFT),
    (lambda _, _row: "gAAAAAx", Fate.LEFT, Fate.LEFT),
    (lambda _, _row: "hunter2", Fate.LEFT, Fate.LEFT),
]


def enrolled(scene: Scene) -> dict[str, Fate]:
    """Two rows of each kind, all of them set aside, and what is to become of each."""
    older = scene.access.keyring(scene.store, seals=True)
    scene.activate_next_key()
    application = Application(scene, older, scene.access.keyring(scene.store, seals=True))
    expected = {}
    for holds, *wanted in HOLDS:
        for fate in wanted:
            (row,) = scene.enrol(None)
            scene.put(row, holds(application, row))
            expected[str(row)] = fate
    scene.admin.execute(ASIDE, [scene.name, scene.run_id])
    scene.admin.execute(TIGHT)
    return expected


def test_every_row_is_counted_once_and_trouble_stays_in_the_list(scene):
    expected = enrolled(scene)
    retried = retry(scene)
    (judgement,) = retried.fields.values()

    assert fates(retried) == expected
    counted = judgement.as_dict()
    assert counted.pop("tried") == sum(counted.values()) == len(expected)
    assert counted == Counter(map(str, expected.values()))
    left = {row for row, fate in expected.items() if fate is Fate.LEFT}
    assert {"/".join(row.key) for row in scene.records()} == left


def test_a_second_retry_finds_no_more_and_forgets_no_more(scene):
    expected = enrolled(scene)
    retry(scene)
    left = {row for row, fate in expected.items() if fate is Fate.LEFT}

    assert fates(retry(scene)) == dict.fromkeys(left, Fate.LEFT)
    assert {"/".join(row.key) for row in scene.records()} == left
