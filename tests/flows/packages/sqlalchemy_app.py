"""SQLAlchemy 2 and pyotp: an application that maps its own table of accounts."""

import os
from functools import cached_property

import psycopg
import pyotp
from psycopg_pool import ConnectionPool
from sqlalchemy import Engine, String, create_engine, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from reseal import Vault
from reseal.integrations.sqlalchemy import seal
from tests.flows.packages.package import Package, serve


class Base(DeclarativeBase):
    """The application's models."""


class Account(Base):
    """Somebody who logs in."""

    __tablename__ = "sa_account"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    logins: Mapped[int] = mapped_column(default=0)
    seed: Mapped[str] = mapped_column(String(64))


class OnSqlalchemy(Package):
    """Accounts of SQLAlchemy."""

    @cached_property
    def _engine(self) -> Engine:
        # A run may widen the column, and a prepared plan would then refuse to give its rows.
        return create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(_url(), prepare_threshold=None)
        )

    def attach(self) -> None:
        vault = Vault.connect(ConnectionPool(_url(), min_size=1, open=True))
        seal(Account.seed, "sa_account.seed", vault)

    def create(self) -> None:
        Base.metadata.create_all(self._engine)

    def enrol(self, number: int) -> tuple[str, str]:
        secret = pyotp.random_base32()
        with Session(self._engine) as session, session.begin():
            session.add(Account(name=f"sa{number}", seed=secret))
        return f"sa{number}", secret

    def accepts(self, user: str, code: str) -> bool:
        with Session(self._engine) as session, session.begin():
            account = session.scalars(select(Account).where(Account.name == user)).one()
            is_right = pyotp.TOTP(account.seed).verify(code, valid_window=1)
            account.logins += is_right
        return is_right

    def forget_codes(self) -> None:
        with Session(self._engine) as session, session.begin():
            session.execute(update(Account).values(logins=0))


def _url() -> str:
    return os.environ["RESEAL_DATABASE_URL"]


if __name__ == "__main__":
    serve(OnSqlalchemy())
