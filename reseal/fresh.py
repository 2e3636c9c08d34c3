"""New secrets, as an application makes them at enrolment."""

import secrets
from base64 import b32encode
from urllib.parse import quote

# RFC 4226, 4: 160 bits are recommended.
_BYTES = 20


def fresh(format_name: str, account: str = "user") -> str:
    """Return a random secret in a field's format; `account` labels it where the format does."""
    base32 = b32encode(secrets.token_bytes(_BYTES)).decode()
    match format_name:
        case "hex":
            return secrets.token_hex(_BYTES)
        case "otpauth":
            return f"otpauth://totp/{quote(account, safe='@')}?secret={base32}"
        case _:
            return base32


def fresh_key(format_name: str, account: str) -> str | bytes:
    """Return a random secret, for a field of raw keys as bytes."""
    return secrets.token_bytes(_BYTES) if format_name == "bytes" else fresh(format_name, account)
