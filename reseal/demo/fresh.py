"""New secrets, as an application makes them at enrolment."""

import secrets
from base64 import b32encode


def fresh(format_name: str) -> str:
    """Return a random secret in a field's format."""
    base32 = b32encode(secrets.token_bytes(20)).decode()
    match format_name:
        case "hex":
            return secrets.token_hex(20)
        case "otpauth":
            return f"otpauth://totp/Demo:user?secret={base32}&issuer=Demo"
        case _:
            return base32
