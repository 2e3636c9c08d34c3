"""What statements may do with a sealed column, past its attribute or by its type."""

import pickle
import traceback

import pytest
from sqlalchemy import BigInteger, Text, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from reseal import Envelope
from reseal.config import parse_config
from reseal.errors import FieldError, KeyringError, PlaintextRefused
from reseal.integrations.sqlalchemy import SealedText
from tests.conftest import SENTINEL, USERS_FIELD
from tests.reseal.integrations.sqlalchemy_model import FIELD, OTHER


def test_what_goes_past_the_attribute_is_refused_and_sends_nothing(user, session, stored, legacy):
    legacy(SENTINEL)
    rows = [{"email": "x", "mfa_secret": OTHER}, {"email": "y", "mfa_secret": OTHER}]
    for send in (
        lambda one: one.execute(insert(user).values(rows[0])),
        lambda one: one.execute(update(user).values({"mfa_secret": OTHER})),
        lambda one: one.execute(insert(user), rows),
        lambda one: one.execute(user.__table__.insert(), rows[0]),
        lambda one: one.bulk_save_objects([user(**rows[0])]),
    ):
        with (
            pytest.raises(PlaintextRefused, match="sealed for its row") as caught,
            session() as one,
        ):
            send(one)
        assert OTHER not in "".join(traceback.format_exception(caught.value))
        assert type(pickle.loads(pickle.dumps(caught.value))) is PlaintextRefused

    assert stored() == [SENTINEL]


def test_a_statement_that_is_printed_with_its_values_shows_no_secret(user):
    assert "(a secret)" in spelled(insert(user).values(mfa_secret=SENTINEL))
    assert SENTINEL not in spelled(insert(user).values(mfa_secret=SENTINEL))


def test_what_is_sealed_by_hand_passes(user, connect, session, stored):
    envelope = connect().seal(FIELD, 7, SENTINEL)
    with session() as one:
        one.execute(insert(user), [{"id": 7, "email": "x", "mfa_secret": envelope}])

    assert stored() == [envelope]
    with session() as one:
        assert one.get_one(user, 7).mfa_secret == SENTINEL


def test_a_query_may_ask_whether_there_is_a_secret_and_nothing_else(user, session, legacy):
    legacy(None, SENTINEL)
    with session() as one:
        assert len(one.scalars(select(user).where(user.mfa_secret.is_(None))).all()) == 1
        assert len(one.scalars(select(user).where(user.mfa_secret.is_not(None))).all()) == 1
        assert len(one.scalars(select(user).where(user.mfa_secret == None)).all()) == 1  # noqa: E711
        assert one.scalars(select(user.mfa_secret).order_by(user.id)).all() == [None, SENTINEL]
    with pytest.raises(FieldError, match="cannot be searched by its value") as caught:
        user.mfa_secret == SENTINEL  # noqa: B015 - asking is what is tested
    assert SENTINEL not in str(caught.value)


def spelled(statement) -> str:
    return str(statement.compile(compile_kwargs={"literal_binds": True}))


def typed(vault, field):
    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
        email: Mapped[str] = mapped_column(Text)
        mfa_secret: Mapped[str | None] = mapped_column(SealedText(field, vault))

    return User


def test_a_column_type_seals_and_opens_for_the_whole_field(store, connect, session, stored):
    fields = parse_config({"field": [{**USERS_FIELD, "bind": "field"}]})
    user = typed(connect(fields), FIELD)
    with session() as one:
        one.execute(insert(user), [{"email": name, "mfa_secret": SENTINEL} for name in "ab"])
    before = stored()
    assert len({Envelope.parse(text).iv for text in before}) == 2

    with session() as one:
        for found in one.scalars(select(user)):
            assert found.mfa_secret == SENTINEL
            found.mfa_secret, found.email = SENTINEL, found.email * 2
    assert stored() == before
    with pytest.raises(FieldError, match="cannot be searched"):
        select(user).where(user.mfa_secret == SENTINEL)
    with session() as one:
        assert len(one.scalars(select(user).where(user.mfa_secret.is_not(None))).all()) == 2
    assert SENTINEL not in spelled(insert(user).values(mfa_secret=SENTINEL))


def test_a_column_type_is_not_for_a_field_that_binds_rows(store, connect, session):
    user = typed(connect(), FIELD)

    with (
        pytest.raises(FieldError, match="a column type is told nothing") as caught,
        session() as one,
    ):
        one.execute(insert(user), [{"email": name, "mfa_secret": SENTINEL} for name in "ab"])
    assert SENTINEL not in str(caught.value)
    assert SENTINEL not in spelled(insert(user).values(mfa_secret=SENTINEL))


def test_a_column_type_shows_no_secret_before_the_first_run(connect, session):
    fields = parse_config({"field": [{**USERS_FIELD, "bind": "field"}]})
    statement = insert(typed(connect(fields), FIELD)).values(mfa_secret=SENTINEL)

    assert "(a secret)" in spelled(statement)
    with pytest.raises(KeyringError) as caught, session() as one:
        one.execute(
            insert(typed(connect(fields, plaintext="refuse"), FIELD)),
            [{"email": name, "mfa_secret": SENTINEL} for name in "ab"],
        )
    assert SENTINEL not in str(caught.value)
