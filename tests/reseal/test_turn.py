"""The three turns as a table: which shape each changes, and into what."""

import pytest

from reseal.envelope import Envelope
from reseal.keyring import DataKey, Keyring, KeyState
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.store.column import Column
from reseal.sweep.turn import RULES, Turn

KEY = (42,)
COLUMN = Column("s", "text", "pg_catalog", None, not_null=False)
OLD = DataKey(1, KeyState.ACTIVE, bytes(32))
NEW = DataKey(2, KeyState.ACTIVE, b"\x01" * 32)
BOTH = Keyring([DataKey(1, KeyState.RETIRING, OLD.material), NEW]).cipher("f")
SEALED_BEFORE = str(Keyring([OLD]).cipher("f").seal(KEY, Secret("x")))


@pytest.mark.parametrize(
    ("turn", "changes", "quarantines"),
    [
        (Turn.SEAL, {Shape.PLAIN}, {Shape.FOREIGN, Shape.UNRECOGNISED}),
        (Turn.RESEAL, {Shape.PLAIN, Shape.SEALED}, {Shape.FOREIGN, Shape.UNRECOGNISED}),
        (Turn.UNSEAL, {Shape.SEALED}, set()),
    ],
)
def test_a_turn_changes_and_quarantines_what_the_table_says(turn, changes, quarantines):
    assert set(RULES[turn].changes) == changes
    assert RULES[turn].quarantines == quarantines


@pytest.mark.parametrize("turn", Turn)
def test_no_turn_changes_what_it_does_not_know(turn):
    assert not {Shape.EMPTY, Shape.FOREIGN, Shape.UNRECOGNISED} & set(RULES[turn].changes)


@pytest.mark.parametrize(
    ("turn", "shape", "text"),
    [
        (Turn.SEAL, Shape.PLAIN, "x"),
        (Turn.RESEAL, Shape.PLAIN, "x"),
        (Turn.RESEAL, Shape.SEALED, SEALED_BEFORE),
    ],
)
def test_what_is_sealed_is_under_the_active_key(turn, shape, text):
    envelope = Envelope.parse(RULES[turn].changes[shape](BOTH, COLUMN, KEY, text))

    assert envelope.key_version == 2
    assert BOTH.open(KEY, envelope).reveal() == "x"


def test_unsealing_gives_the_plaintext():
    assert RULES[Turn.UNSEAL].changes[Shape.SEALED](BOTH, COLUMN, KEY, SEALED_BEFORE) == "x"
