"""Reseal's own user model; alone it is an application of a few lines on pyotp and psycopg."""

import os
from functools import cached_property
from typing import Any

import pyotp
from psycopg_pool import ConnectionPool

from reseal import Users, Vault
from tests.flows.packages.package import Package, serve

_ADD = "INSERT INTO users (email, mfa_secret) VALUES (%s, %s)"
_SECRET = "SELECT mfa_secret FROM users WHERE email = %s"


class OwnModel(Package):
    """The table `users`, which the application has made before."""

    def __init__(self) -> None:
        self._users: Users | None = None

    @cached_property
    def _pool(self) -> "ConnectionPool[Any]":
        return ConnectionPool(os.environ["RESEAL_DATABASE_URL"], min_size=1, open=True)

    def attach(self) -> None:
        self._users = Users(self._pool, Vault.connect(self._pool))

    def create(self) -> None:
        pass

    def enrol(self, number: int) -> tuple[str, str]:
        email = f"own{number}@example.com"
        secret = None if self._users else pyotp.random_base32()
        with self._pool.connection() as connection:
            connection.execute(_ADD, [email, secret])
        if self._users:
            user = self._users.by_email(email)
            assert user
            secret = str(user.generate_mfa_secret())
        return email, str(secret)

    def accepts(self, user: str, code: str) -> bool:
        if self._users:
            found = self._users.by_email(user)
            assert found
            return found.verify_mfa_token(code)
        with self._pool.connection() as connection:
            row = connection.execute(_SECRET, [user]).fetchone()
        assert row
        return pyotp.TOTP(row[0]).verify(code, valid_window=1)

    def forget_codes(self) -> None:
        if self._users:
            with self._pool.connection() as connection:
                if connection.execute("SELECT to_regclass('reseal.totp_use')").fetchone() != (
                    None,
                ):
                    connection.execute("DELETE FROM reseal.totp_use")
            self._users._core._used._steps.clear()


if __name__ == "__main__":
    serve(OwnModel())
