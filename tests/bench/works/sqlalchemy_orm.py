"""SQLAlchemy 2 with the encrypted type of sqlalchemy-utils.

The type cannot read what is not encrypted yet, so the plaintext comes by a plain query.
"""

import os
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, load_only, mapped_column
from sqlalchemy_utils import StringEncryptedType  # type: ignore[import-untyped]
from sqlalchemy_utils.types.encrypted.encrypted_type import (  # type: ignore[import-untyped]
    AesGcmEngine,
)

from tests.bench.site import Site
from tests.bench.spent import Spent, counted
from tests.bench.table import Keys
from tests.bench.works.batches import batches

_BATCH = 1_000
_PLAIN = sa.text("SELECT id, mfa_secret FROM users")


def rows(site: Site) -> Spent:
    """Give every object its secret, and commit each."""
    user = _user(site)
    with Session(_engine(site), expire_on_commit=False) as session, counted(site) as spent:
        plain = dict(session.execute(_PLAIN).tuples().all())
        for one in session.scalars(sa.select(user).options(load_only(user.id))).all():
            one.mfa_secret = plain[one.id]
            session.commit()
    return spent


def flush(site: Site) -> Spent:
    """Give every object its secret, and commit a batch of them at a time."""
    user = _user(site)
    with Session(_engine(site), expire_on_commit=False) as session, counted(site) as spent:
        plain = dict(session.execute(_PLAIN).tuples().all())
        users = session.scalars(sa.select(user).options(load_only(user.id))).all()
        for batch in batches(users, _BATCH):
            for one in batch:
                one.mfa_secret = plain[one.id]
            session.commit()
    return spent


def bulk(site: Site) -> Spent:
    """Update by primary key from a list of mappings, a commit every batch."""
    user = _user(site)
    with Session(_engine(site)) as session, counted(site) as spent:
        for batch in batches(session.execute(_PLAIN).all(), _BATCH):
            mappings = [{"id": key, "mfa_secret": plain} for key, plain in batch]
            session.execute(sa.update(user), mappings)
            session.commit()
    return spent


def _engine(site: Site) -> sa.Engine:
    return sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(site.url))


def _user(site: Site) -> Any:
    # The type of the key follows the table, so the class is made when that is known.
    key_type: Any = sa.Uuid if site.table.keys is Keys.UUID else sa.BigInteger
    key = os.urandom(32)

    class Base(DeclarativeBase):
        """The classes of this table alone."""

    class User(Base):
        """A user, whose secret is encrypted on its way to the column."""

        __tablename__ = "users"
        id: Mapped[Any] = mapped_column(key_type, primary_key=True)
        mfa_secret: Mapped[str] = mapped_column(StringEncryptedType(sa.Text, key, AesGcmEngine))

    return User
