"""Sealed attributes of SQLAlchemy where the row, the column or the class is not the usual one."""

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from sqlalchemy import JSON, BigInteger, String, Text, create_engine, inspect, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, make_transient, mapped_column

from reseal import Envelope, Vault
from reseal.config import parse_config
from reseal.errors import FieldError, PlaintextRefused, WillNotOpen
from reseal.integrations.sqlalchemy import seal
from tests.conftest import SENTINEL

FIELD = "made.secret"
USUAL = {"polymorphic_on": "kind", "polymorphic_identity": "usual"}
MADE = {"name": FIELD, "table": "made", "column": "secret"}


@pytest.fixture
def connect(database, store, access):
    with ConnectionPool(database, min_size=1) as pool:
        yield lambda plaintext="allow", **entry: Vault.connect(
            pool,
            parse_config({"field": [MADE | entry]}),
            access.kek(),
            beats=None,
            plaintext=plaintext,
        )


@pytest.fixture
def engine(database):
    made = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database))
    yield made
    made.dispose()


@pytest.fixture
def stored(admin):
    return lambda: admin.execute("SELECT secret FROM made").fetchone()[0]


def made(engine, column=None, key=None):
    """A model with its table, whose columns may be given."""

    class Base(DeclarativeBase):
        pass

    class Made(Base):
        __tablename__ = "made"
        id: Mapped[int] = mapped_column(BigInteger, primary_key=True) if key is None else key
        secret: Mapped[str | None] = mapped_column(Text) if column is None else column
        kind: Mapped[str] = mapped_column(default="usual")
        __mapper_args__ = USUAL

    Base.metadata.create_all(engine)
    return Made


def test_only_the_leaf_of_a_document_is_sealed_and_all_else_stays(connect, engine, stored):
    model = made(engine)
    seal(model.secret, FIELD, connect(path="enckey.k"))
    document = f'{{"v": 1, "enckey":{{"k":"{SENTINEL}","c":14}},\n "n": 1e2}}'
    with Session(engine) as session, session.begin():
        session.add(model(id=3, secret=document))

    head, rest = document.split(SENTINEL)
    kept = stored()
    assert (kept[: len(head)], kept[-len(rest) :]) == (head, rest)
    assert Envelope.parse(kept[len(head) : -len(rest)]).key_version == 1
    with Session(engine) as session, session.begin():
        found = session.get_one(model, 3)
        assert found.secret == document
        found.secret = document
    assert stored() == kept


@pytest.mark.parametrize("nothing", ["", "{}", '{"enckey":{"k":""}}', '{"enckey":{"k":null}}', "["])
def test_a_document_without_the_leaf_stays_as_it_is(connect, engine, stored, nothing):
    model = made(engine)
    seal(model.secret, FIELD, connect(path="enckey.k"))
    with Session(engine) as session, session.begin():
        session.add(model(secret=nothing))
        session.flush()
        session.expire_all()
        assert session.scalars(select(model)).one().secret == nothing

    assert stored() == nothing


def test_plaintext_is_stored_until_a_run_has_made_room(connect, engine, stored, admin):
    model = made(engine, column=mapped_column(String(64)))
    seal(model.secret, FIELD, connect())
    with Session(engine) as session, session.begin():
        session.add(model(id=1, secret=SENTINEL))
    assert stored() == SENTINEL

    with Session(engine) as session, session.begin():
        session.get_one(model, 1).secret = SENTINEL
    assert stored() == SENTINEL
    admin.execute("ALTER TABLE made ALTER secret TYPE text")
    with Session(engine) as session, session.begin():
        session.get_one(model, 1).secret = SENTINEL
    assert Envelope.parse(stored()).key_version == 1


def test_without_room_nothing_is_stored_where_the_policy_refuses_plaintext(connect, engine, admin):
    model = made(engine, column=mapped_column(String(64)))
    seal(model.secret, FIELD, connect(plaintext="refuse"))

    with (
        pytest.raises(PlaintextRefused, match="no room for its envelope"),
        Session(engine) as session,
        session.begin(),
    ):
        session.add(model(id=1, secret=SENTINEL))
    assert admin.execute("SELECT count(*) FROM made").fetchone() == (0,)


@pytest.mark.parametrize("when", ["mapped before", "mapped later"])
def test_a_class_that_inherits_the_attribute_inherits_the_seal(connect, engine, stored, when):
    model, vault = made(engine), connect()
    if when == "mapped later":
        seal(model.secret, FIELD, vault)

    other = type("Other", (model,), {"__mapper_args__": {"polymorphic_identity": "other"}})
    if when == "mapped before":
        seal(model.secret, FIELD, vault)
    with Session(engine) as session, session.begin():
        session.add(other(secret=SENTINEL))
    with Session(engine) as session:
        assert session.scalars(select(other)).one().secret == SENTINEL
    assert Envelope.parse(stored()).key_version == 1


def test_a_copied_row_does_not_take_the_envelope_of_the_first_along(connect, engine):
    model = made(engine)
    seal(model.secret, FIELD, connect())
    with Session(engine) as session, session.begin():
        session.add(model(id=1, secret=SENTINEL))
    with Session(engine) as session:
        copied = session.get_one(model, 1)
        make_transient(copied)
        copied.id = 2
        session.add(copied)
        with pytest.raises(WillNotOpen):
            session.flush()


@pytest.mark.parametrize(
    "key",
    [
        pytest.param({"server_default": text("7 * 6")}, id="SQL of the server"),
        pytest.param({"default": text("7 * 6")}, id="SQL of the model"),
        pytest.param({"default": lambda: 42}, id="a function"),
        pytest.param({"default": 42}, id="a value"),
    ],
)
def test_a_key_is_taken_from_what_the_column_has_by_default(connect, engine, stored, key):
    model = made(engine, key=mapped_column(BigInteger, primary_key=True, **key))
    vault = connect()
    seal(model.secret, FIELD, vault)
    with Session(engine) as session, session.begin():
        session.add(model(secret=SENTINEL))

    assert vault.read(FIELD, 42, stored()).reveal() == SENTINEL


def test_a_key_that_nobody_gives_is_asked_for(connect, engine):
    model = made(engine, key=mapped_column(BigInteger, primary_key=True, autoincrement=False))
    seal(model.secret, FIELD, connect())

    with Session(engine) as session:
        session.add(model(secret=SENTINEL))
        with pytest.raises(FieldError, match="assign it"):
            session.flush()


def test_a_column_of_another_type_is_refused(connect, engine):
    model = made(engine, column=mapped_column(JSON))

    with pytest.raises(FieldError, match="only text and bytes"):
        seal(model.secret, FIELD, connect())


def test_an_attribute_is_sealed_once(connect, engine):
    model = made(engine)
    seal(model.secret, FIELD, connect())

    with pytest.raises(FieldError, match="sealed already"):
        seal(model.secret, FIELD, connect())
    assert inspect(model).attrs["secret"].columns[0].name == "secret"
