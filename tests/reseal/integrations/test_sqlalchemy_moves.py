"""Rows of SQLAlchemy that move, merge, or have more classes: no secret is lost on the way."""

import asyncio

import psycopg
import pytest
from sqlalchemy import ForeignKey, Identity, Text, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from reseal import Envelope
from reseal.config import parse_config
from reseal.errors import FieldError
from reseal.integrations.sqlalchemy import seal
from tests.conftest import SENTINEL
from tests.reseal.integrations.sqlalchemy_model import FIELD, OTHER


@pytest.fixture
def enrolled(user, session):
    with session() as one:
        one.add(user(id=5, email="ada", mfa_secret=SENTINEL))
    return user


def test_a_row_whose_key_changes_takes_its_secret_along(enrolled, engine):
    with Session(engine) as one:
        found = one.get_one(enrolled, 5)
        found.id = 9
        assert found.mfa_secret == SENTINEL
        one.commit()
        assert found.mfa_secret == SENTINEL
    with Session(engine) as one:
        assert one.get_one(enrolled, 9).mfa_secret == SENTINEL


@pytest.mark.parametrize("names", [("id", "mfa_secret"), ("mfa_secret", "id")], ids="-".join)
def test_key_and_secret_may_change_together(enrolled, session, names):
    new = {"id": 9, "mfa_secret": OTHER}
    with session() as one:
        found = one.get_one(enrolled, 5)
        for name in names:
            setattr(found, name, new[name])
    with session() as one:
        assert one.get_one(enrolled, 9).mfa_secret == OTHER


def test_a_change_of_key_that_is_rolled_back_changes_nothing(enrolled, engine):
    with Session(engine) as one:
        found = one.get_one(enrolled, 5)
        found.id = 9
        one.flush()
        one.rollback()
        assert (found.id, found.mfa_secret) == (5, SENTINEL)


def test_legacy_plaintext_of_a_row_whose_key_changes_stays(user, session, stored, legacy):
    number = legacy(SENTINEL)
    with session() as one:
        one.get_one(user, number).id = number + 100

    assert stored() == [SENTINEL]


def test_merging_an_equal_secret_keeps_the_envelope(enrolled, session, stored):
    before = stored()
    with session() as one:
        assert one.merge(enrolled(id=5, email="new", mfa_secret=SENTINEL)).email == "new"
    assert stored() == before
    with session() as one:
        one.merge(enrolled(id=5, mfa_secret=OTHER))
    with session() as one:
        assert one.get_one(enrolled, 5).mfa_secret == OTHER


def test_a_class_with_a_table_of_its_own_that_comes_later_is_sealed_too(
    store, connect, engine, session, admin
):
    class Base(DeclarativeBase):
        pass

    class Person(Base):
        __tablename__ = "person"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        seed: Mapped[str | None] = mapped_column(Text)
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}  # noqa: RUF012 - SQLAlchemy's way

    entry = {"name": "seeds", "table": "person", "column": "seed"}
    seal(Person.seed, "seeds", connect(parse_config({"field": [entry]})))

    class Admin(Person):
        __tablename__ = "admin"
        id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
        __mapper_args__ = {"polymorphic_identity": "admin"}  # noqa: RUF012 - SQLAlchemy's way

    Base.metadata.create_all(engine)
    with session() as one:
        one.add(Admin(seed=SENTINEL))
    with session() as one:
        assert one.scalar(select(Person)).seed == SENTINEL
    (text,) = admin.execute("SELECT seed FROM person").fetchone()
    assert Envelope.parse(text).key_version == 1


@pytest.mark.parametrize("secret", [SENTINEL, OTHER], ids=["the same", "another"])
def test_in_asyncio_a_secret_is_assigned_without_waiting_for_what_has_expired(
    user, database, secret
):
    async def test():
        engine = create_async_engine(
            "postgresql+psycopg://",
            async_creator=lambda: psycopg.AsyncConnection.connect(database),
        )
        async with AsyncSession(engine) as one:
            ada = user(email="ada", mfa_secret=SENTINEL)
            one.add(ada)
            await one.commit()
            ada.mfa_secret = secret
            assert ada.mfa_secret == secret
            await one.commit()
            assert (await one.scalars(select(user))).one().mfa_secret == secret
        await engine.dispose()

    asyncio.run(test())


def test_a_key_that_only_the_database_may_give_is_told(store, connect, engine, session):
    class Base(DeclarativeBase):
        pass

    class Device(Base):
        __tablename__ = "device"
        id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
        seed: Mapped[str | None] = mapped_column(Text)

    entry = {"name": "seeds", "table": "device", "column": "seed"}
    seal(Device.seed, "seeds", connect(parse_config({"field": [entry]})))
    Base.metadata.create_all(engine)
    with pytest.raises(FieldError, match="GENERATED ALWAYS"), session() as one:
        one.add(Device(seed=SENTINEL))
    with session() as one:
        made = Device()
        one.add(made)
        one.flush()
        made.seed = SENTINEL
    with session() as one:
        assert one.scalar(select(Device)).seed == SENTINEL


def test_a_field_of_another_column_is_told(store, connect):
    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        seed: Mapped[str | None] = mapped_column("other", Text)

    seal(User.seed, FIELD, connect())
    with pytest.raises(FieldError, match="no run would find it there"):
        User(seed=SENTINEL)
