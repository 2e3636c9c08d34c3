"""A batch backs up late originals of what it wrote itself, however the row was written after it."""

from reseal.sweep.commit import commit
from reseal.sweep.plan import plan
from tests.reseal.scene import SEED, Scene

NEW = "GEZDGNBVGY3TQOJQ"

# A block with EXCEPTION is a subtransaction, whose number the row has then.
TOUCH = """
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users SET last_login = now() WHERE id = NEW.id;
    RETURN NULL;
EXCEPTION WHEN division_by_zero THEN
    RETURN NULL;
END $$;
CREATE TRIGGER touch AFTER UPDATE OF mfa_secret ON users FOR EACH ROW EXECUTE FUNCTION touch()
"""


def test_what_a_trigger_writes_once_more_in_a_subtransaction_is_backed_up(scene: Scene) -> None:
    scene.back_up()
    one, other = scene.enrol(SEED, SEED)
    scene.admin.execute(TOUCH)

    with scene.job() as job:
        batch = plan(job, scene.whole)
        scene.put(other, NEW)
        tally = commit(job, batch, swiftly=True).tally

    assert (tally.changed, tally.moved) == (1, 1)
    assert scene.originals() == {(str(one),): SEED}
    assert scene.sweep().changed == 1
    assert scene.originals() == {(str(one),): SEED, (str(other),): NEW}
