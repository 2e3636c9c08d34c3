"""SQLAlchemy on the test's own database: engine, sessions, and a vault for its models."""

from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from reseal import Vault
from tests.reseal.integrations.sqlalchemy_model import model

STORED = "SELECT mfa_secret FROM users ORDER BY id"


@pytest.fixture
def engine(database):
    made = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database))
    yield made
    made.dispose()


@pytest.fixture
def connect(database, config, access):
    with ConnectionPool(database, min_size=1) as pool:
        yield lambda fields=config, **words: Vault.connect(
            pool, fields, access.kek(), beats=None, **words
        )


@pytest.fixture
def user(store, connect):
    return model(connect())


@pytest.fixture
def session(engine):
    @contextmanager
    def opened():
        with Session(engine) as one, one.begin():
            yield one

    return opened


@pytest.fixture
def stored(admin):
    return lambda: [text for (text,) in admin.execute(STORED)]


@pytest.fixture
def legacy(admin):
    """Users enrolled before there was any Reseal; the key of the last."""

    def enrol(*texts):
        for text in texts:
            row = admin.execute(
                "INSERT INTO users (email, mfa_secret) VALUES (%s, %s) RETURNING id",
                [f"{uuid4()}@example.com", text],
            ).fetchone()
        return row[0]

    return enrol
