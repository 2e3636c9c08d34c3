"""What a script of one's own does: psycopg's executemany and AES-GCM, a commit every batch."""

import os
from base64 import b64encode
from typing import Any

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.bench.site import Site
from tests.bench.spent import Spent, counted
from tests.bench.works.batches import batches

_BATCH = 5_000


def executemany(site: Site) -> Spent:
    """Encrypt and write every row."""
    cipher = AESGCM(os.urandom(32))
    with psycopg.connect(site.url) as connection, counted(site) as spent:
        rows = connection.execute("SELECT id, mfa_secret FROM users").fetchall()
        for batch in batches(rows, _BATCH):
            sealed = [(_sealed(cipher, key, plain), key) for key, plain in batch]
            statement = "UPDATE users SET mfa_secret = %s WHERE id = %s"
            connection.cursor().executemany(statement, sealed)
            connection.commit()
    return spent


def _sealed(cipher: AESGCM, key: Any, plain: str) -> str:
    nonce = os.urandom(12)
    return b64encode(nonce + cipher.encrypt(nonce, plain.encode(), str(key).encode())).decode()
