"""A backup that a row's secret is in alone is not shredded, unless somebody has given that up."""

import pytest

from reseal.audit.action import Action
from reseal.backup import table
from reseal.errors import ConfigurationError, Refused
from reseal.quarantine.accept import Decision, accept
from reseal.quarantine.choice import Choice
from reseal.quarantine.trouble import Trouble
from reseal.store import event
from tests.flows.scene import flipped
from tests.reseal.retrying import retry
from tests.reseal.scene import SEED
from tests.reseal.shredding import NEW, break_row, is_shredded, sealed, set_aside, shredder


@pytest.mark.parametrize("how", ["quarantined", "broken"])
def test_the_only_source_of_a_row_is_not_shredded(scene, tmp_path, how):
    row, _ = sealed(scene, SEED, SEED, to=tmp_path)
    if how == "quarantined":
        set_aside(scene, row)
    else:
        break_row(scene, row)

    with pytest.raises(Refused, match=r"all there is of 1 rows of .*reseal quarantine accept"):
        shredder(scene).shred(scene.run_id)
    assert not is_shredded(scene)
    assert len(list(tmp_path.rglob("*.reseal-backup"))) == 1


@pytest.mark.parametrize("how", ["quarantined", "broken"])
def test_what_was_given_up_needs_no_source(scene, how):
    row, _ = sealed(scene, SEED, SEED)
    if how == "broken":
        break_row(scene, row)
    trouble = Trouble.MALFORMED if how == "broken" else Trouble.REFUSED
    set_aside(scene, row, trouble, accepted=True)

    assert shredder(scene).shred(scene.run_id).rows == {scene.name: 2}


def damage(scene, row):
    scene.put(row, flipped(str(scene.stored()[row])))


def estrange(scene, row):
    scene.put(row, "gAAAAAx")


def garble(scene, row):
    scene.put(row, "hunter2")


@pytest.mark.parametrize(
    ("accepted", "harm"),
    [
        (Trouble.REFUSED, break_row),
        (Trouble.REFUSED, damage),
        (Trouble.MALFORMED, damage),
        (Trouble.WILL_NOT_OPEN, break_row),
        (Trouble.UNRECOGNISED, break_row),
        (Trouble.REFUSED, estrange),
        (Trouble.UNRECOGNISED, estrange),
        (Trouble.WILL_NOT_OPEN, garble),
    ],
)
def test_what_was_given_up_in_another_trouble_was_not_given_up_in_this(scene, accepted, harm):
    row, _ = sealed(scene, SEED, SEED)
    set_aside(scene, row, accepted, accepted=True)
    harm(scene, row)

    with pytest.raises(Refused, match="all there is of 1 rows"):
        shredder(scene).shred(scene.run_id)
    assert scene.originals()[str(row),] == SEED


@pytest.mark.parametrize("holds", [None, SEED])
def test_a_row_that_is_in_no_trouble_any_more_needs_no_second_decision(scene, holds):
    row, _ = sealed(scene, SEED, SEED)
    set_aside(scene, row, Trouble.MALFORMED, accepted=True)
    scene.put(row, holds)

    assert shredder(scene).shred(scene.run_id).rows == {scene.name: 2}


def test_once_it_was_met_as_it_is_now_it_can_be_given_up(scene):
    row, _ = sealed(scene, SEED, SEED)
    set_aside(scene, row, accepted=True)
    break_row(scene, row)
    retry(scene)
    accept(scene.store, scene.target, Choice(every=True), Decision("Grace", "ada"))

    assert shredder(scene).shred(scene.run_id).rows == {scene.name: 2}


def test_a_broken_row_that_is_not_in_the_backup_does_not_need_it(scene):
    sealed(scene, SEED)
    other = scene.again()
    (row,) = sealed(other, SEED)
    break_row(scene, row)

    assert shredder(scene).shred(scene.run_id).rows == {scene.name: 1}
    with pytest.raises(Refused):
        shredder(other).shred(other.run_id)


def test_what_a_later_backup_has_too_is_not_only_here(scene):
    (row,) = sealed(scene, SEED)
    scene.put(row, NEW)
    later = scene.again()
    later.back_up()
    later.sweep()
    break_row(scene, row)

    assert shredder(scene).shred(scene.run_id).rows == {scene.name: 1}
    with pytest.raises(Refused):
        shredder(later).shred(later.run_id)


def test_and_an_earlier_one_is_no_other_source(scene):
    """It has the secret that the user had before."""
    (row,) = sealed(scene, SEED)
    scene.put(row, NEW)
    later = scene.again()
    later.back_up()
    later.sweep()
    break_row(scene, row)
    with pytest.raises(Refused):
        shredder(later).shred(later.run_id)
    assert table.need(scene.store, later.run_id, scene.name).wrapped is not None


def undescribed(scene):
    return scene.described(name="other")


def without_its_column(scene):
    scene.admin.execute("ALTER TABLE users DROP COLUMN mfa_secret")
    return scene


def under_another_name(scene):
    scene.admin.execute("ALTER TABLE users RENAME TO people")
    return scene


UNSEEN = [undescribed, without_its_column, under_another_name]


@pytest.mark.parametrize("change", UNSEEN)
def test_where_nobody_can_look_at_the_rows_nothing_is_shredded(scene, change):
    sealed(scene, SEED)
    other = change(scene)

    says = r"cannot be looked at: .*--unseen users\.mfa_secret --approved-by NAME"
    with pytest.raises(Refused, match=says):
        shredder(other, "Grace").shred(scene.run_id)
    assert not is_shredded(scene)


@pytest.mark.parametrize("change", UNSEEN)
def test_unless_somebody_decides_so(scene, tmp_path, change):
    sealed(scene, SEED, to=tmp_path)
    other = change(scene)

    done = shredder(other, "Grace", scene.name).shred(scene.run_id)
    assert (done.rows, done.sealed, done.unseen) == (
        {scene.name: 1}, {scene.name: None}, [scene.name],
    )  # fmt: skip
    assert is_shredded(scene)
    assert list(tmp_path.iterdir()) == []
    detail = event.latest(scene.store, Action.BACKUP_SHREDDED, scene.run_id)
    assert detail is not None
    assert (detail["unseen"], detail["approved_by"]) == ([scene.name], "Grace")


def test_whoever_decides_so_has_a_name(scene):
    with pytest.raises(ConfigurationError, match="say who approved it"):
        shredder(scene, "", scene.name)


def test_what_can_be_looked_at_is_looked_at_all_the_same(scene):
    (row,) = sealed(scene, SEED)
    break_row(scene, row)

    with pytest.raises(Refused, match="all there is of 1 rows"):
        shredder(scene, "Grace", scene.name).shred(scene.run_id)
