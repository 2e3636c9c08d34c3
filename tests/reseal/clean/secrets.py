"""Secrets as applications make them, the same at every run of the tests."""

from base64 import b32encode
from hashlib import sha256


def secrets(count: int, salt: str = "") -> list[str]:
    """Base32 of 20 bytes each."""
    digests = (sha256(f"{salt}{number}".encode()).digest() for number in range(count))
    return [b32encode(digest[:20]).decode() for digest in digests]
