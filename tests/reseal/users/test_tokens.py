"""Which tokens are accepted, how often, and what is said of the others."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from reseal import Envelope
from reseal.errors import (
    Replayed,
    TokenError,
    Unreachable,
    WillNotOpen,
    WrongToken,
)
from tests.reseal.users.said import ADA, BOB, NOW, code


@pytest.mark.parametrize(
    ("seconds", "is_accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_token_counts_one_step_before_and_after(users, enrolled, seconds, is_accepted):
    enrolled()

    assert users.by_email(ADA).verify_mfa_token(code(at=NOW + seconds)) is is_accepted


def test_a_token_counts_once_and_none_before_it_counts_any_more(users, enrolled, clock):
    enrolled()
    ada = users.by_email(ADA)

    assert ada.verify_mfa_token(code())
    assert not ada.verify_mfa_token(code())
    assert not ada.verify_mfa_token(code(at=NOW - 30))
    with pytest.raises(Replayed, match="accepted before"):
        ada.require_mfa_token(code())
    clock.now += 30
    assert ada.verify_mfa_token(code(at=NOW + 30))


def test_of_one_token_shown_many_times_at_once_one_is_accepted(on_pool, enrolled):
    enrolled()
    with on_pool(8) as (users, _), ThreadPoolExecutor(8) as threads:
        accepted = list(
            threads.map(lambda _: users.by_email(ADA).verify_mfa_token(code()), range(24))
        )

    assert accepted.count(True) == 1


def test_the_used_step_is_that_of_one_user_only(users, enrolled):
    enrolled(ADA)
    enrolled(BOB)

    assert users.by_email(ADA).verify_mfa_token(code())
    assert users.by_email(BOB).verify_mfa_token(code())


def test_after_a_new_enrolment_the_first_token_counts_in_the_same_step(users, enrolled):
    enrolled()
    ada = users.by_email(ADA)
    assert ada.verify_mfa_token(code())

    assert ada.verify_mfa_token(code(ada.generate_mfa_secret()))


def test_a_blank_in_a_token_is_no_fault_and_a_number_is_one_sentence(users, enrolled):
    enrolled()
    ada, right = users.by_email(ADA), code()

    with pytest.raises(TokenError, match="a token is a string of digits, not int"):
        ada.verify_mfa_token(int(right))
    with pytest.raises(WrongToken):
        ada.require_mfa_token(f"{right}0")
    for wrong in ("", "0" * 10_000, "four", "٠١٢٣٤٥"):
        assert not ada.verify_mfa_token(wrong)
    assert ada.verify_mfa_token(f"{right[:3]} {right[3:]}")


def test_a_secret_that_does_not_open_is_no_wrong_token_and_can_be_disabled(
    users, enrolled, stored, admin
):
    enrolled()
    ada = users.by_email(ADA)
    ada.rotate_encryption_key()
    text = stored()
    flipped = Envelope.parse(text)
    admin.execute(
        "UPDATE users SET mfa_secret = %s",
        [
            str(
                Envelope(
                    1,
                    flipped.iv,
                    flipped.tag,
                    bytes([flipped.ciphertext[0] ^ 1]) + flipped.ciphertext[1:],
                )
            )
        ],
    )

    for work in (ada.rotate_encryption_key, lambda: ada.verify_mfa_token(code())):
        with pytest.raises(WillNotOpen):
            work()
    ada.disable_mfa()
    assert stored() is None
    assert ada.verify_mfa_token(code(ada.generate_mfa_secret()))


def test_where_the_database_is_serializable_colliding_logins_are_tried_again(
    on_pool, admin, enrolled
):
    numbers = [enrolled(f"user{n}@example.com") for n in range(8)]
    name = admin.info.dbname
    admin.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    with on_pool(8) as (users, _), ThreadPoolExecutor(8) as threads:
        accepted = list(threads.map(lambda n: users.by_id(n).verify_mfa_token(code()), numbers))

    assert accepted == [True] * 8


def test_a_database_that_is_away_is_an_error_of_its_own(on_pool, enrolled):
    enrolled()
    with on_pool(1) as (users, _):
        ada = users.by_email(ADA)

    with pytest.raises(Unreachable) as caught:
        ada.verify_mfa_token(code())
    assert caught.value.__context__ is None
