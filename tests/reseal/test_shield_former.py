"""A former secret that is put back is an enrolment: whatever came between, it must not be lost."""

from collections.abc import Callable

import psycopg
import pytest

from reseal.backup import table, take
from reseal.shield import drop_shield, raise_shield
from reseal.shield_source import family
from reseal.store import application_seal
from reseal.sweep.job import SWEEPING, Batch, Job
from reseal.sweep.plan import plan
from reseal.sweep.span import Span
from reseal.sweep.turn import Turn
from tests.reseal.scene import SEED, Scene
from tests.reseal.shielding import NEW, THIRD, enrol_sealed, envelope, save, seal, shielded

INSERT = "INSERT INTO users (id, email, mfa_secret) VALUES (%s, 'another', %s)"


def after_a_sealed_enrolment(scene: Scene, row: int) -> None:
    enrol_sealed(scene, row, NEW)


def after_a_sealed_enrolment_and_a_rotation(scene: Scene, row: int) -> None:
    enrol_sealed(scene, row, NEW)
    scene.activate_next_key()
    later = scene.again()
    later.take_backup()
    later.sweep(Turn.RESEAL)


def after_a_plain_enrolment_that_the_same_run_sealed(scene: Scene, row: int) -> None:
    scene.put(row, NEW)
    scene.sweep()


def after_a_plain_enrolment_that_another_run_sealed(scene: Scene, row: int) -> None:
    scene.put(row, NEW)
    seal(scene.again())


def after_a_plain_enrolment_that_the_application_sealed(scene: Scene, row: int) -> None:
    scene.put(row, NEW)
    enrol_sealed(scene, row, NEW)


def after_the_id_was_given_to_another_user(scene: Scene, row: int) -> None:
    scene.admin.execute("DELETE FROM users")
    scene.admin.execute(INSERT, [row, envelope(scene, row, NEW)])


def after_the_id_was_given_to_another_user_in_a_copy(scene: Scene, row: int) -> None:
    scene.admin.execute("DELETE FROM users")
    with scene.admin.cursor().copy("COPY users (id, email, mfa_secret) FROM STDIN") as copy:
        copy.write_row((row, "another", envelope(scene, row, NEW)))


def after_another_user_was_given_the_id(scene: Scene, row: int) -> None:
    (other,) = scene.enrol(THIRD)
    scene.admin.execute("DELETE FROM users WHERE id = %s", [row])
    moved = "UPDATE users SET id = %s, mfa_secret = %s WHERE id = %s"
    scene.admin.execute(moved, [row, envelope(scene, row, NEW), other])


def after_a_time_without_shield(scene: Scene, row: int) -> None:
    drop_shield(scene.store, scene.target)
    enrol_sealed(scene, row, NEW)
    raise_shield(scene.store, scene.target)


def after_a_rollback_and_another_run(scene: Scene, row: int) -> None:
    drop_shield(scene.store, scene.target)
    enrol_sealed(scene, row, NEW)
    scene.again().roll_back(scene)
    raise_shield(scene.store, scene.target)
    seal(scene.again())


def after_somebody_took_the_trigger_off(scene: Scene, row: int) -> None:
    scene.admin.execute(f"DROP FUNCTION reseal.{family(scene.name)} CASCADE")
    enrol_sealed(scene, row, NEW)
    raise_shield(scene.store, scene.target)


def after_triggers_were_switched_off(scene: Scene, row: int) -> None:
    scene.admin.execute("ALTER TABLE users DISABLE TRIGGER ALL")
    enrol_sealed(scene, row, NEW)
    raise_shield(scene.store, scene.target)


def after_a_run_without_backup(scene: Scene, row: int) -> None:
    scene.put(row, NEW)
    drop_shield(scene.store, scene.target)
    scene.again().sweep()
    raise_shield(scene.store, scene.target)
    seal(scene.again())


def after_the_newest_backup_was_shredded(scene: Scene, row: int) -> None:
    scene.put(row, NEW)
    later = scene.again()
    seal(later)
    with later.store.transaction():
        table.destroy(later.store, later.run_id, "test")


@pytest.mark.parametrize(
    "after", [one for name, one in list(globals().items()) if name.startswith("after_")]
)
def test_it_passes(scene: Scene, after: Callable[[Scene, int], None]) -> None:
    (row,) = shielded(scene)
    after(scene, row)
    assert scene.opened()[row] == NEW

    save(scene, row, SEED)
    assert scene.stored()[row] == SEED


def test_the_next_pass_seals_it_and_the_shield_knows_it_again(scene: Scene) -> None:
    (row,) = shielded(scene)
    enrol_sealed(scene, row, NEW)
    save(scene, row, SEED)
    assert scene.sweep().changed == 1

    save(scene, row, SEED)
    assert scene.opened() == {row: SEED}
    assert application_seal.among(scene.store, scene.name, [[str(row)]]) == frozenset()


@pytest.mark.parametrize("is_late", [True, False])
def test_a_rotation_that_seals_it_knows_it_again_where_it_came_late(
    scene: Scene, is_late: bool
) -> None:
    row, other = shielded(scene, SEED, SEED)
    enrol_sealed(scene, row, NEW)
    enrol_sealed(scene, other, NEW)
    later = scene.again()
    if is_late:
        later.take_backup()
    save(scene, row, SEED)
    if not is_late:
        later.take_backup()
    scene.activate_next_key()
    later.sweep(Turn.RESEAL)

    save(scene, row, SEED)
    assert (scene.stored()[row] == SEED) is not is_late
    save(scene, other, SEED)
    assert scene.stored()[other] == SEED


def test_what_an_application_sealed_is_noted_for_a_rollback(scene: Scene) -> None:
    row, other = shielded(scene, SEED, SEED)
    assert table.is_shielded(scene.store, scene.run_id, scene.name)
    enrol_sealed(scene, other, NEW)

    keys = [[str(row)], [str(other)], ["4711"]]
    assert application_seal.among(scene.store, scene.name, keys) == {(str(other),)}
    drop_shield(scene.store, scene.target)
    assert not table.is_shielded(scene.store, scene.run_id, scene.name)
    assert application_seal.among(scene.store, scene.name, keys) == frozenset()


def test_an_envelope_that_is_saved_as_it_was_read_is_not_noted(scene: Scene) -> None:
    (row,) = shielded(scene)
    save(scene, row, scene.stored()[row])

    assert not application_seal.exist(scene.store, scene.name)


def between_reading_and_writing(scene: Scene, does: Callable[[], None]) -> None:
    """Sweep, and let an application come in between the batch's read and its write."""

    def make(job: Job, span: Span) -> Batch:
        batch = plan(job, span)
        does()
        return batch

    scene.sweep(make=make)


@pytest.mark.parametrize("others", [0, 3])
def test_it_passes_where_an_application_sealed_between_a_batchs_read_and_its_write(
    scene: Scene, others: int
) -> None:
    row, *_ = shielded(scene, *[SEED] * (1 + others))
    for one in range(row, row + 1 + others):
        scene.put(one, NEW)
    between_reading_and_writing(scene, lambda: enrol_sealed(scene, row, THIRD))
    assert scene.opened() == {row: THIRD} | dict.fromkeys(range(row + 1, row + 1 + others), NEW)
    assert application_seal.among(scene.store, scene.name, [[str(row)]])

    save(scene, row, NEW)
    assert scene.stored()[row] == NEW


@pytest.mark.parametrize("others", [0, 3])
def test_an_original_that_was_read_and_not_written_does_not_take_the_later_ones_place(
    scene: Scene, others: int
) -> None:
    """A row moves while two workers of a run are at work, and who read it first writes last."""
    row, *_ = shielded(scene, *[SEED] * (1 + others))
    scene.admin.execute("UPDATE users SET mfa_secret = %s", [NEW])

    def another_worker() -> None:
        scene.put(row, THIRD)
        kek = scene.access.backup_kek()
        covered = take.need_coverage(scene.store, scene.run_id, scene.name, kek)
        with scene.store.transaction():
            scene.store.execute(SWEEPING)
            write = "UPDATE users SET mfa_secret = %s WHERE id = %s"
            scene.store.execute(write, [envelope(scene, row, THIRD), row])
            late = covered.keep_all([[str(row)]], [THIRD])
            table.add_late(scene.store, scene.run_id, scene.name, late)

    between_reading_and_writing(scene, another_worker)
    assert scene.originals()[str(row),] == THIRD
    save(scene, row, THIRD)
    assert scene.opened()[row] == THIRD
    save(scene, row, NEW)
    assert scene.stored()[row] == NEW


def test_it_passes_where_an_application_sealed_between_the_backups_read_and_its_copy(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = scene.enrol(SEED)
    raise_shield(scene.store, scene.target)
    fill = table.fill

    def sealed_meanwhile(*words: object) -> None:
        enrol_sealed(scene, row, NEW)
        fill(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(table, "fill", sealed_meanwhile)
    seal(scene)
    assert scene.originals() == {(str(row),): SEED}

    save(scene, row, SEED)
    assert scene.stored() == {row: SEED}


def test_a_write_that_an_application_takes_back_leaves_no_note(scene: Scene) -> None:
    (row,) = shielded(scene)
    with psycopg.connect(scene.access.url) as application:
        application.execute(
            "UPDATE users SET mfa_secret = %s WHERE id = %s", [envelope(scene, row, NEW), row]
        )
        application.rollback()

    save(scene, row, SEED)
    assert scene.opened() == {row: SEED}


def test_a_backup_that_is_older_than_the_shield_does_not_count(scene: Scene) -> None:
    """Nobody knows what was enrolled while the one was there and the other was not."""
    (row,) = scene.enrol(SEED)
    seal(scene)
    raise_shield(scene.store, scene.target)

    save(scene, row, SEED)
    assert scene.stored() == {row: SEED}
