"""Encryption inside the server, which is given the key with the statement."""

import os

from tests.bench.measured import NotHere
from tests.bench.site import Site
from tests.bench.spent import Spent, counted

IS_THERE = "SELECT 1 FROM pg_available_extensions WHERE name = 'pgcrypto'"

# The passphrase is stretched for every row, as the function does it by default.
PGP = "UPDATE users SET mfa_secret = encode(pgp_sym_encrypt(mfa_secret, %s), 'base64')"

# CBC says nothing about who wrote it, and the function has no other mode that needs an IV.
CBC = """
UPDATE users SET mfa_secret = encode(
    iv || encrypt_iv(convert_to(mfa_secret, 'UTF8'), %s, iv, 'aes-cbc/pad:pkcs'), 'base64')
FROM (SELECT id AS key, gen_random_bytes(16) AS iv FROM users) AS fresh WHERE key = id
"""


def pgp(site: Site) -> Spent:
    """Encrypt the column as OpenPGP messages, in one statement."""
    return _encrypt(site, PGP, os.urandom(16).hex())


def cbc(site: Site) -> Spent:
    """Encrypt the column by AES-256 in CBC mode, in one statement."""
    return _encrypt(site, CBC, os.urandom(32))


def _encrypt(site: Site, statement: str, key: str | bytes) -> Spent:
    with site.connected() as connection:
        if not connection.execute(IS_THERE).fetchone():
            raise NotHere("the server has no extension pgcrypto")
        connection.execute("CREATE EXTENSION IF NOT EXISTS pgcrypto")
        with counted(site) as spent:
            connection.execute(statement.encode(), [key])
    return spent
