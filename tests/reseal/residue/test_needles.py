"""Every old secret is found wherever it stands, and nothing that is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.residue.needles import FEWEST_DIFFERENT, SHORTEST, WORD, Needles, bits_for, grid

octets = st.binary(max_size=60)
secrets = st.binary(min_size=SHORTEST, max_size=70).filter(
    lambda octets: len({*octets}) >= FEWEST_DIFFERENT
)


def found(needles: Needles, text: bytes) -> list[tuple[int, int]]:
    """Where secrets begin, and how long each is."""
    return sorted(
        (int(start), hits.length) for hits in needles.settle().find(text) for start in hits.starts
    )


def naively(values: list[bytes], text: bytes) -> list[tuple[int, int]]:
    """The same, by looking from every byte on."""
    return sorted(
        (at, len(one)) for one in {*values} for at in range(len(text)) if text.startswith(one, at)
    )


@given(st.lists(secrets, min_size=1, max_size=5), st.lists(octets, max_size=6), st.randoms())
def test_secrets_are_found_where_they_stand_and_nowhere_else(values, noise, dice):
    needles = Needles(bits=16)
    needles.add(values)
    parts = [*values, *dice.choices(values, k=3), *noise]
    dice.shuffle(parts)
    text = b"".join(parts)
    assert found(needles, text) == naively(values, text)


@given(secrets, st.integers(0, 3 * WORD), octets)
def test_a_secret_is_found_at_any_byte(value, before, after):
    needles = Needles(bits=16)
    needles.add([value])
    assert (before, len(value)) in found(needles, b"\0" * before + value + after)


@given(secrets, st.data())
def test_a_secret_with_one_bit_changed_is_not_found(value, data):
    needles = Needles(bits=16)
    needles.add([value])
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    assert found(needles, bytes(changed)) == []


@pytest.mark.parametrize("length", range(SHORTEST, 80))
def test_a_word_of_the_grid_lies_within_a_secret_wherever_it_stands(length):
    step = grid(length)
    assert WORD % step == 0
    for start in range(WORD):
        first = -(-start // step) * step
        assert first + WORD <= start + length


def test_what_is_too_plain_to_tell_is_counted_and_left_out():
    needles = Needles(bits=16)
    needles.add([b"1234567", b"", b"12345678", b"\0" * 32, b"abcdabcdabcd"])
    assert (needles.plain, needles.secrets) == (4, 1)
    assert found(needles, b"1234567 12345678 abcdabcdabcd" + b"\0" * 100) == [(8, 8)]


def test_many_secrets_among_a_million_of_others_are_all_found():
    dice = np.random.default_rng(5)
    letters = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", dtype=np.uint8)
    rows = letters[dice.integers(0, 32, (30_000, 32))]
    values = [row.tobytes() for row in rows]
    needles = Needles(bits=16)
    needles.add(values[:20_000])
    assert len(found(needles, b"-".join(values))) == 20_000
    assert needles.words == 20_000 * WORD
    assert not needles.is_full


@pytest.mark.parametrize(
    ("secrets", "bits"), [(0, 26), (2**20, 26), (2**20 + 1, 27), (2**22, 27), (10**9, 27)]
)
def test_more_secrets_than_a_sieve_holds_well_have_one_of_twice_the_size(secrets, bits):
    assert bits_for(secrets) == bits
    needles = Needles(bits)
    needles.words = min(secrets, 2**22) * WORD
    # So many are told by one look at everything.
    assert needles.is_full == (secrets >= 2**22 or secrets == 2**20)


def test_a_needle_tells_nothing_of_its_secret():
    needles = Needles(bits=16)
    needles.add([b"SENTINELSENTINELSENTINELSENTINEL"])
    assert "SENTINEL" not in repr(needles) + repr(vars(needles))
