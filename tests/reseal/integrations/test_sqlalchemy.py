"""Sealed attributes and columns of SQLAlchemy: what is stored, what is read, what is refused."""

import asyncio
import copy
import pickle
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import LargeBinary, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from reseal import Envelope
from reseal.config import parse_config
from reseal.errors import KeyringError, WillNotOpen
from reseal.integrations.sqlalchemy import seal
from tests.conftest import SENTINEL
from tests.reseal.integrations.sqlalchemy_model import FIELD, OTHER, model
from tests.reseal.key_scene import KeyScene


def sealed_by_a_run(admin, access, store, number, text=SENTINEL):
    from reseal import Place, Secret

    envelope = access.keyring(store).seal(Place(FIELD, (number,)), Secret(text))
    admin.execute("UPDATE users SET mfa_secret = %s WHERE id = %s", [str(envelope), number])
    return str(envelope)


def test_a_new_secret_is_sealed_for_the_row_that_it_will_have(user, session, stored):
    with session() as one:
        made = user(email="ada", mfa_secret=SENTINEL)
        assert made.mfa_secret == SENTINEL
        assert SENTINEL not in repr(vars(made))
        one.add(made)
        one.flush()
        assert made.mfa_secret == SENTINEL
        assert SENTINEL not in repr(vars(made))

    (text,) = stored()
    assert Envelope.parse(text).key_version == 1
    with session() as one:
        assert one.scalar(select(user)).mfa_secret == SENTINEL


def test_a_saved_row_whose_secret_did_not_change_keeps_its_envelope(user, session, stored):
    with session() as one:
        one.add(user(email="ada", mfa_secret=SENTINEL))
    before = stored()
    for change in ({"email": "other"}, {"mfa_secret": SENTINEL}):
        with session() as one:
            found = one.scalar(select(user))
            for name, value in change.items():
                setattr(found, name, value)

    assert stored() == before
    with session() as one:
        one.scalar(select(user)).mfa_secret = OTHER
    assert stored() != before
    with session() as one:
        assert one.scalar(select(user)).mfa_secret == OTHER


def test_a_row_that_a_run_sealed_meanwhile_is_not_written_back(
    user, session, stored, legacy, admin, access, store
):
    number = legacy(SENTINEL)
    with session() as one:
        found = one.scalar(select(user))
        assert found.mfa_secret == SENTINEL
        envelope = sealed_by_a_run(admin, access, store, number)
        found.email = "changed"

    assert stored() == [envelope]
    with session() as one:
        assert one.scalar(select(user)).mfa_secret == SENTINEL


def test_plaintext_that_is_assigned_once_more_is_sealed(user, session, stored, legacy):
    legacy(SENTINEL)
    with session() as one:
        one.scalar(select(user)).mfa_secret = SENTINEL

    assert Envelope.parse(stored()[0]).key_version == 1


def test_a_row_that_does_not_open_raises_where_it_is_read_and_can_be_replaced(
    user, session, stored, admin
):
    with session() as one:
        one.add_all([user(email=name, mfa_secret=SENTINEL) for name in ("ada", "bob")])
    damaged = replace(Envelope.parse(stored()[0]), tag=bytes(16))
    admin.execute("UPDATE users SET mfa_secret = %s WHERE email = 'ada'", [str(damaged)])

    with session() as one:
        ada, bob = one.scalars(select(user).order_by(user.id))
        assert bob.mfa_secret == SENTINEL
        with pytest.raises(WillNotOpen):
            ada.mfa_secret  # noqa: B018 - reading it is what is tested
        ada.mfa_secret = OTHER
    with session() as one:
        assert one.scalar(select(user).order_by(user.id)).mfa_secret == OTHER


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_stored_and_read_as_nothing(user, session, stored, nothing):
    with session() as one:
        one.add(user(email="ada", mfa_secret=nothing))

    assert stored() == [nothing]
    with session() as one:
        assert one.scalar(select(user)).mfa_secret == nothing


def test_before_the_first_run_plaintext_is_stored_as_it_always_was(
    connect, session, stored, access, legacy
):
    from reseal.store import data_key, schema

    now = 0.0
    user = model(connect(clock=lambda: now))
    legacy(SENTINEL)
    with session() as one:
        one.add(user(email="ada", mfa_secret=SENTINEL))
        one.scalar(select(user)).mfa_secret = OTHER
    assert sorted(stored()) == [OTHER, SENTINEL]

    store = access.store("test")
    schema.migrate(store)
    data_key.ensure_active(store, access.kek(), "test")
    store.close()
    now = 2.0
    with session() as one:
        for found in one.scalars(select(user)):
            found.mfa_secret = found.mfa_secret
    assert all(Envelope.parse(text) for text in stored())


def test_where_the_policy_refuses_plaintext_none_is_written(connect, session, stored):
    user = model(connect(plaintext="refuse"))

    with pytest.raises(KeyringError, match="no data key yet") as caught, session() as one:
        one.add(user(email="ada", mfa_secret=SENTINEL))
    assert SENTINEL not in str(caught.value)
    assert stored() == []


def test_an_envelope_of_another_row_is_not_stored(user, connect, session, stored):
    envelope = connect().seal(FIELD, 7, SENTINEL)

    with pytest.raises(WillNotOpen), session() as one:
        one.add(user(id=8, email="x", mfa_secret=envelope))
    moved = user(id=8, email="x", mfa_secret=SENTINEL)
    moved.id = 9
    with pytest.raises(WillNotOpen), session() as one:
        one.add(moved)
    assert stored() == []


def test_a_rolled_back_assignment_is_gone(user, engine, stored):
    with Session(engine) as one:
        one.add(user(email="ada", mfa_secret=SENTINEL))
        one.commit()
        found = one.scalars(select(user)).one()
        found.mfa_secret = OTHER
        one.rollback()
        assert found.mfa_secret == SENTINEL


def test_merging_copying_and_pickling_take_the_envelope_along_and_no_secret(user, session):
    with session() as one:
        kept = user(id=5, email="ada", mfa_secret=SENTINEL)
        one.add(kept)
    with session() as one:
        assert one.merge(user(id=5, email="new", mfa_secret=OTHER)).mfa_secret == OTHER
        assert copy.copy(one.get_one(user, 5).mfa_secret) == OTHER
    with session() as one:
        merged = one.merge(user(email="later", mfa_secret=SENTINEL))
        one.flush()
        assert merged.mfa_secret == SENTINEL
    with pytest.raises(Exception, match="Secret"):
        pickle.dumps(vars(user(email="x", mfa_secret=SENTINEL))["mfa_secret"])


def test_old_envelopes_open_after_a_rotation_and_new_ones_are_under_the_new_key(
    user, session, stored, scene, connect
):
    with session() as one:
        one.add(user(email="ada", mfa_secret=SENTINEL))
    KeyScene(scene).next_key()
    later = model(connect())
    with session() as one:
        assert one.scalar(select(later)).mfa_secret == SENTINEL
        one.add(later(email="bob", mfa_secret=OTHER))

    assert [Envelope.parse(text).key_version for text in stored()] == [1, 2]


def test_a_session_of_asyncio_reads_and_seals(user, database):
    async def test():
        engine = create_async_engine(
            "postgresql+psycopg://",
            async_creator=lambda: psycopg.AsyncConnection.connect(database),
        )
        async with AsyncSession(engine) as one:
            one.add(user(email="ada", mfa_secret=SENTINEL))
            await one.commit()
            found = (await one.scalars(select(user))).one()
            await one.refresh(found)
            assert found.mfa_secret == SENTINEL
        await engine.dispose()

    asyncio.run(test())


def test_keys_of_several_parts_uuids_and_bytea(store, connect, engine, session, admin):
    admin.execute("CREATE TABLE device (org int, no uuid, seed bytea, PRIMARY KEY (org, no))")
    entry = {"name": "seeds", "table": "device", "column": "seed", "format": "bytes"}
    vault = connect(parse_config({"field": [{**entry, "key": ["no", "org"]}]}))

    class Base(DeclarativeBase):
        pass

    class Device(Base):
        __tablename__ = "device"
        org: Mapped[int] = mapped_column(primary_key=True)
        no: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
        seed: Mapped[bytes] = mapped_column(LargeBinary)

    seal(Device.seed, "seeds", lambda: vault)
    with session() as one:
        one.add(Device(org=3, seed=b"\x00\xff" * 10))
    with session() as one:
        found = one.scalar(select(Device))
        assert found.seed == b"\x00\xff" * 10
        number = found.no
    (held,) = admin.execute("SELECT seed FROM device").fetchone()
    assert vault.read("seeds", (number, 3), held).octets() == b"\x00\xff" * 10
