"""A backup that is cut into shares is whole again once all of them are put together."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.backup import table
from reseal.backup.prove import Proof, restore
from reseal.backup.share import WHOLE, cut
from tests.reseal.scene import SEED


@pytest.mark.parametrize("many", [1, 2, 3, 40])
def test_a_backup_in_shares_is_all_of_it_once(scene, many):
    scene.enrol(*[SEED] * 200)
    scene.back_up()
    whole = scene.prove()

    shares = cut(table.size(scene.store, scene.run_id), many)
    with scene.store.transaction():
        met = [
            tuple(row_key)
            for share in shares
            for part in table.every(scene.store, scene.run_id, scene.name, share)
            for row_key, _ in part
        ]
    restored = [restore(scene.store, scene.target, scene.backup(), share) for share in shares]

    assert len(shares) == many
    assert sorted(met) == sorted(scene.originals())
    assert sum(restored, Proof()) == whole


@given(st.integers(0, 10**6), st.integers(1, 100))
def test_shares_follow_each_other_from_the_first_page_to_whatever_is_last(pages, many):
    shares = cut(pages, many)

    assert (shares[0].first, shares[-1].after) == WHOLE
    assert all(one.after == other.first for one, other in pairwise(shares))
    assert all(one.first <= one.after for one in shares)


def test_pages_that_are_given_back_meanwhile_take_no_row_along(scene):
    scene.enrol(*[SEED] * 400)
    scene.back_up()
    partition = f"reseal.backup_{scene.run_id.hex}"
    scene.admin.execute(
        f"INSERT INTO {partition} SELECT run_id, field, row_key || '{{x}}', sealed, digest "
        f"FROM {partition}"
    )
    shares = cut(table.size(scene.store, scene.run_id), 4)
    scene.admin.execute(f"DELETE FROM {partition} WHERE row_key[2] = 'x'")
    scene.admin.execute(f"VACUUM (TRUNCATE) {partition}")

    assert table.size(scene.store, scene.run_id) < shares[-1].first
    restored = [restore(scene.store, scene.target, scene.backup(), share) for share in shares]
    assert sum(restored, Proof()).restored == 400
