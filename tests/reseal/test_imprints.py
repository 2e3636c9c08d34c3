"""An iv that came twice under one key is found, and one envelope that was met twice is none."""

import os
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal import imprints
from reseal.envelope import Parts
from reseal.imprints import Imprinting, Ivs, gathering

IV, OTHER_IV = b"a" * 12, b"a" * 11 + b"b"
TAG, OTHER_TAG = b"t" * 16, b"T" * 16


def seen(*spans):
    """What the imprints of spans of (version, iv, tag) show."""
    with gathering() as gathered:
        for span in spans:
            imprinting = Imprinting(gathered.directory)
            for version, iv, tag in span:
                imprinting.add(version, iv, tag)
            imprinting.write()
        return gathered.ivs()


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([], {}),
        ([[]], {}),
        ([[(1, IV, TAG), (1, OTHER_IV, TAG)]], {1: Ivs(2, 0)}),
        ([[(1, IV, TAG), (1, IV, OTHER_TAG)]], {1: Ivs(2, 1)}),
        ([[(1, IV, TAG)], [(1, IV, OTHER_TAG)]], {1: Ivs(2, 1)}),
        ([[(1, IV, TAG)], [(2, IV, OTHER_TAG)]], {1: Ivs(1, 0), 2: Ivs(1, 0)}),
        ([[(1, IV, TAG)], [(1, IV, TAG)]], {1: Ivs(2, 0)}),
        ([[(1, IV, TAG), (1, IV, OTHER_TAG)], [(1, IV, TAG), (1, OTHER_IV, TAG)]], {1: Ivs(4, 1)}),
    ],
    ids=[
        "no span", "nothing", "two ivs", "one iv twice", "in two spans", "under two keys",
        "one envelope met twice", "both",
    ],
)  # fmt: skip
def test_what_the_imprints_show(spans, found):
    assert seen(*spans) == found


RECORDS = st.lists(
    st.tuples(st.sampled_from([1, 12]), st.integers(0, 5), st.integers(0, 2)), max_size=60
)


@given(RECORDS, st.integers(1, 9), st.integers(16, 200))
def test_however_it_is_cut_the_repeats_are_those_that_a_set_finds(records, at_once, kept):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imprints, "_IMPRINTS_AT_ONCE", at_once)
        patch.setattr(imprints, "_KEPT_BYTES", kept)
        found = seen([(one, bytes([iv] * 12), bytes([tag] * 16)) for one, iv, tag in records])

    assert {version: ivs.opened for version, ivs in found.items()} == Counter(
        version for version, *_ in records
    )
    for version, ivs in found.items():
        envelopes = {record for record in records if record[0] == version}
        assert ivs.repeated == len(envelopes) - len({iv for _, iv, _ in envelopes})


def test_many_at_once_are_those_one_by_one():
    envelopes = [Parts(n % 3 + 1, os.urandom(12), os.urandom(40)) for n in range(50)]
    with gathering() as gathered:
        imprinting = Imprinting(gathered.directory)
        imprinting.add_all(envelopes)
        imprinting.write()
        together = {path.name[0]: path.read_bytes() for path in gathered.directory.iterdir()}

    assert together == {
        str(version): b"".join(
            one.iv + one.sealed[-16:-12] for one in envelopes if one.key_version == version
        )
        for version in (1, 2, 3)
    }


def test_nothing_is_left_when_all_is_counted():
    with gathering() as gathered:
        Imprinting(gathered.directory).add(1, IV, TAG)

    assert not gathered.directory.exists()


def test_without_a_place_nothing_is_kept():
    imprinting = Imprinting()
    imprinting.add(1, IV, TAG)
    imprinting.add_all([Parts(1, IV, TAG)])

    assert imprinting == Imprinting(None, {}, imprinting._mark)
