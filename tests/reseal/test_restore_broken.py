"""What does not open is replaced only where its original surely is the latest secret of the row."""

from dataclasses import replace

import pytest

from reseal.backup import table
from reseal.envelope import Envelope
from reseal.restore import NO_ORIGINAL, WRITTEN_SINCE
from reseal.secret import Secret
from reseal.shield import drop_shield, raise_shield
from reseal.sweep.job import Batch, Job
from reseal.sweep.plan import plan
from reseal.sweep.span import Span
from tests.reseal.scene import SEED, Scene

NEW = "GEZDGNBVGY3TQOJQ"


@pytest.fixture
def run(scene: Scene) -> Scene:
    """A run that is about to take a backup and to seal."""
    return scene


def sealed(run: Scene, *secrets: str) -> list[int]:
    """Enrol, back up and seal."""
    rows = run.enrol(*secrets)
    run.back_up()
    run.sweep()
    return rows


def badly(job: Job, span: Span) -> Batch:
    """Turn rows, and cut off the end of every envelope."""
    batch = plan(job, span)
    values = [value[:-10] for value in batch.turned.values]
    return replace(batch, turned=replace(batch.turned, values=values))


def sealed_badly(run: Scene, *secrets: str) -> list[int]:
    """The same behind the shield, by a run that writes what does not open; then all log in."""
    rows = run.enrol(*secrets)
    raise_shield(run.store, run.target)
    run.back_up()
    run.sweep(make=badly)
    run.admin.execute("UPDATE users SET last_login = now()")
    return rows


def envelope(run: Scene, row: int) -> Envelope:
    return Envelope.parse(run.stored()[row] or "")


def keeps_count(run: Scene, *, shielded: bool = True) -> None:
    run.admin.execute("UPDATE reseal.backup_set SET shielded = %s", [shielded])


def test_what_the_run_itself_wrote_comes_back_whatever_it_wrote(run):
    rows = run.enrol(SEED, NEW)
    run.back_up()
    run.sweep(make=badly)

    assert run.again().roll_back(run).changed == 2
    assert run.stored() == dict(zip(rows, [SEED, NEW], strict=True))


def other_tag(stood: Envelope) -> Envelope:
    return replace(stood, tag=bytes(16))


def other_byte(stood: Envelope) -> Envelope:
    first, rest = stood.ciphertext[0], stood.ciphertext[1:]
    return replace(stood, ciphertext=bytes([first ^ 1]) + rest)


@pytest.mark.parametrize("damage", [other_tag, other_byte])
def test_an_envelope_of_the_original_but_for_some_damage_is_replaced(run, damage):
    one, other = sealed(run, SEED, NEW)
    run.put(one, str(damage(envelope(run, one))))

    assert run.again().roll_back(run).changed == 2
    assert run.stored() == {one: SEED, other: NEW}


@pytest.mark.parametrize("damage", [other_tag, other_byte])
def test_a_damaged_envelope_of_a_newer_secret_stays(run, damage):
    (row,) = sealed(run, SEED)
    newer = run.keyring.seal(run.target.field.place((row,)), Secret(NEW))
    run.put(row, str(damage(newer)))
    back, stood = run.again(), run.stored()

    assert back.roll_back(run).left_alone == 1
    assert back.left_alone() == {(str(row),): WRITTEN_SINCE}
    assert run.stored() == stood


def test_the_secret_of_one_user_is_not_put_into_the_row_of_another(run):
    gone, moved = sealed(run, SEED, NEW)
    run.admin.execute("DELETE FROM users WHERE id = %s", [gone])
    run.admin.execute("UPDATE users SET id = %s WHERE id = %s", [gone, moved])
    back, stood = run.again(), run.stored()

    assert back.roll_back(run).left_alone == 1
    assert back.left_alone() == {(str(gone),): WRITTEN_SINCE}
    assert run.stored() == stood


def test_what_was_broken_before_anybody_wrote_comes_back_under_an_unbroken_shield(run):
    rows = sealed_badly(run, SEED, NEW)
    keeps_count(run)

    assert run.again().roll_back(run).changed == 2
    assert run.stored() == dict(zip(rows, [SEED, NEW], strict=True))


def since_the_shield_was_raised_anew(run: Scene) -> None:
    keeps_count(run, shielded=False)


def without_shield(run: Scene) -> None:
    drop_shield(run.store, run.target)
    keeps_count(run)


def marked(run: Scene) -> None:
    keeps_count(run)
    mark = (
        "INSERT INTO reseal.application_seal (field, row_key) SELECT %s, ARRAY[id::text] FROM users"
    )
    run.admin.execute(mark, [run.name])


def with_a_later_backup_that_was_shredded(run: Scene) -> None:
    later = run.again()
    later.back_up()
    table.destroy(run.store, later.run_id, "somebody")


@pytest.mark.parametrize(
    "since",
    [
        since_the_shield_was_raised_anew,
        without_shield,
        marked,
        with_a_later_backup_that_was_shredded,
    ],
)
def test_where_somebody_else_may_have_written_it_stays_and_the_reason_says_where_to_look(
    run, since
):
    rows = sealed_badly(run, SEED, NEW)
    since(run)
    back, stood = run.again(), run.stored()

    assert back.roll_back(run, unseal_newer=True).left_alone == 2
    assert back.left_alone() == {(str(row),): WRITTEN_SINCE for row in rows}
    assert run.stored() == stood


def test_a_mark_is_of_one_row(run):
    one, other = sealed_badly(run, SEED, NEW)
    keeps_count(run)
    run.admin.execute(
        "INSERT INTO reseal.application_seal (field, row_key) VALUES (%s, %s)",
        [run.name, [str(one)]],
    )
    back = run.again()

    assert back.roll_back(run).changed == 1
    assert back.left_alone() == {(str(one),): WRITTEN_SINCE}
    assert run.stored()[other] == NEW


def test_without_an_original_the_reason_is_that_it_does_not_open(run):
    sealed(run, SEED)
    (row,) = run.enrol(None)
    run.put(row, (run.stored()[1] or "")[:-10])
    back = run.again()

    assert back.roll_back(run).left_alone == 1
    assert back.left_alone() == {(str(row),): NO_ORIGINAL}
