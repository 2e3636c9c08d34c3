"""What is done to many rows at once is what is done to each of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.envelope import PREFIX, Envelope, parts, write
from reseal.envelopes import parts_all, write_all
from reseal.errors import EnvelopeError, KeyringError, UnknownKeyVersion, WillNotOpen
from reseal.keyring import MOST_SEALS, DataKey, Keyring, KeyState
from reseal.place import Binding
from reseal.secret import Secret, Secrets
from reseal.shape import Shape, shape_of, shapes_of
from reseal.sweep import plan as planning
from reseal.sweep.plan import plan
from reseal.sweep.turn import Turn
from reseal.sweep.write import TurnedRows
from tests.conftest import SENTINEL
from tests.reseal.scene import SEED

KEYRING = Keyring([DataKey.fresh(1, KeyState.RETIRING), DataKey.fresh(2, KeyState.ACTIVE)])
CIPHER = KEYRING.cipher("users.mfa_secret")
EMPTY = frozenset({"", "none"})

key_parts = st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5) | st.uuids() | st.booleans()
keys = st.lists(st.tuples(key_parts) | st.tuples(key_parts, key_parts), max_size=5)
values = (
    st.text(max_size=70)
    | st.from_regex(r"[A-Z2-7]{14,60}\n?", fullmatch=True)
    | st.sampled_from([SEED, f"{SEED}\n{SEED}", f"{SEED}\n", "", "none", "gAAAAAx", f"{PREFIX}x"])
)  # fmt: skip


@given(keys)
def test_every_key_is_bound_as_by_itself(keys):
    binding = Binding.of("users.mfa_secret", 2, "A256GCM")

    assert binding.data_of_all(keys) == [binding.data(key) for key in keys]


@given(st.lists(values, max_size=6), st.booleans())
def test_every_value_has_the_shape_that_it_has_by_itself(texts, declared):
    for name in ("base32", "hex", "text"):
        alone = [shape_of(text, name, EMPTY, declared) for text in texts]
        assert shapes_of(texts, name, EMPTY, declared) == alone


@given(st.lists(st.tuples(st.integers(0, 99), st.binary(max_size=50)), max_size=5))
def test_what_is_sealed_together_opens_by_itself_and_together(rows):
    keys, plain = [(number,) for number, _ in rows], [text for _, text in rows]
    texts = write_all(*CIPHER.seal_all(keys, Secrets(plain)))

    alone = [CIPHER.open(key, Envelope.parse(t)) for key, t in zip(keys, texts, strict=True)]
    assert [secret.octets() for secret in alone] == plain
    assert CIPHER.open_all(keys, parts_all(texts)).octets() == plain


def test_envelopes_have_the_one_spelling():
    sealed = [b"c" * size + b"t" * 16 for size in range(40)]
    ivs = bytes(range(256)) * 2

    assert write_all(3, ivs[: 12 * 40], sealed) == [
        write(3, ivs[12 * number : 12 * number + 12], one[-16:], one[:-16])
        for number, one in enumerate(sealed)
    ]


ENVELOPES = [
    write(version, bytes(range(12)), bytes(range(16)), b"c" * size)
    for version in (1, 2, 10, 10**8)
    for size in (0, 1, 2, 10, 20, 32)
]
CHARACTERS = 'AQgwcx+/=!\n{"\u00e9'


@st.composite
def damaged(draw):
    """An envelope in which a character or two were changed, or taken away."""
    text = draw(st.sampled_from(ENVELOPES))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text) - 1))
        text = text[:at] + draw(st.sampled_from(["", *CHARACTERS])) + text[at + 1 :]
    return text


def outcome_of(take_apart, texts):
    """The parts of each, or the kind of error that the first one at fault is refused with."""
    try:
        return take_apart(texts)
    except EnvelopeError as error:
        return type(error)


def apart(texts):
    """The same where each is taken apart by itself."""
    return outcome_of(lambda texts: list(map(parts, texts)), texts)


@given(st.lists(damaged() | st.sampled_from(ENVELOPES), max_size=8))
def test_envelopes_are_taken_apart_together_as_by_themselves(texts):
    expected = apart(texts)
    if isinstance(expected, list):
        assert parts_all(texts) == expected
    else:
        with pytest.raises(EnvelopeError):
            parts_all(texts)


@pytest.mark.parametrize("text", ENVELOPES)
def test_every_change_of_a_character_shows_among_many_as_alone(text):
    for at in range(len(text)):
        for other in CHARACTERS:
            changed = text[:at] + other + text[at + 1 :]
            alone = apart([changed])
            together = outcome_of(parts_all, [text, changed, text])
            assert together == (
                [parts(text), *alone, parts(text)] if isinstance(alone, list) else alone
            )


def test_envelopes_of_several_keys_are_opened_together():
    old = Keyring([DataKey(1, KeyState.ACTIVE, b"1" * 32)])
    both = Keyring(
        [DataKey(1, KeyState.RETIRING, b"1" * 32), DataKey(2, KeyState.ACTIVE, b"2" * 32)]
    )
    places = [(1,), (2,), (3,)]
    texts = [
        old.cipher("f").seal_text((1,), Secret("a")),
        both.cipher("f").seal_text((2,), Secret("b")),
        old.cipher("f").seal_text((3,), Secret("c")),
    ]

    opened = both.cipher("f").open_all(places, parts_all(texts))
    assert opened.octets() == [b"a", b"b", b"c"]
    with pytest.raises(WillNotOpen, match="an envelope of f does not open"):
        both.cipher("f").open_all([(1,), (3,), (2,)], parts_all(texts))
    with pytest.raises(UnknownKeyVersion):
        old.cipher("f").open_all(places, parts_all(texts))


def test_no_key_seals_more_together_than_it_may_at_all():
    keyring = Keyring([DataKey.fresh(1, KeyState.ACTIVE)], sealed=MOST_SEALS - 2)
    cipher = keyring.cipher("f")

    with pytest.raises(KeyringError, match="as often as a key may"):
        cipher.seal_all([(1,), (2,), (3,)], Secrets([b"a", b"b", b"c"]))
    _, _, sealed = cipher.seal_all([(1,), (2,)], Secrets([b"a", b"b"]))
    assert len(sealed) == 2
    assert keyring.seals == 2


@pytest.mark.parametrize("turn", [Turn.SEAL, Turn.RESEAL])
def test_a_batch_comes_out_as_row_by_row(scene, monkeypatch, turn):
    scene.enrol(SEED, SENTINEL, None, "", "gAAAAAx", "hunter2", SEED.lower(), f"{SEED}\n")
    scene.back_up()
    scene.sweep()
    if turn is Turn.RESEAL:
        scene.activate_next_key()
    scene.enrol(SEED, "gAAAAAx", SENTINEL, "no secret")
    # Of another row, so that it does not open.
    scene.put(1, scene.stored()[2])

    with scene.job(turn) as job:
        together = plan(job, scene.whole)
        monkeypatch.setattr(planning, "turn_alike", lambda _, rows: (TurnedRows(), rows))
        alone = plan(job, scene.whole)

    assert together.rest == alone.rest
    assert len(together.turned) == len(alone.turned) > 0
    assert sorted(zip(together.turned.keys, together.turned.versions, strict=True)) == sorted(
        zip(alone.turned.keys, alone.turned.versions, strict=True)
    )
    assert sorted(together.quarantined) == sorted(alone.quarantined)
    assert sorted(kept.row_key for kept in together.backup) == sorted(
        kept.row_key for kept in alone.backup
    )


@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, lambda many: f"{many:>9}"], ids=["repr", "str", "format", "f"]
)
def test_many_secrets_do_not_show_themselves(show):
    assert SENTINEL not in show(Secrets([SENTINEL.encode()]))


def test_many_secrets_are_not_compared_by_accident():
    many = Secrets([b"a", b"b"])

    with pytest.raises(TypeError):
        many == many  # noqa: B015
    with pytest.raises(TypeError):
        hash(many)
    with pytest.raises(TypeError):
        many.__reduce_ex__(2)
    assert many.matching(Secrets([b"a", b"c"])) == [True, False]


def test_usual_values_are_recognised_without_a_look_at_each():
    assert shapes_of([SEED] * 3, "base32", EMPTY) == [Shape.PLAIN] * 3
    assert shapes_of([SEED, f"{SEED}\n{SEED}"], "base32", EMPTY)[1] is Shape.UNRECOGNISED
