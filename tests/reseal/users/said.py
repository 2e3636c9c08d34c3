"""What the tests of users say over and over."""

import pyotp

from reseal import Envelope
from tests.conftest import SENTINEL

FIELD = "users.mfa_secret"
ADA, BOB = "ada@example.com", "bob@example.com"
INSERT = "INSERT INTO users (email, mfa_enabled, mfa_secret) VALUES (%s, %s, %s) RETURNING id"
STORED = "SELECT mfa_secret FROM users WHERE email = %s"
NOW = 1_700_000_000


def code(secret=SENTINEL, at=NOW, **words):
    return pyotp.TOTP(secret, **words).at(at)


def version_of(text):
    return Envelope.parse(text).key_version


def scanned(uri) -> pyotp.TOTP:
    """What a phone makes of the code that it scans."""
    phone = pyotp.parse_uri(str(uri))
    assert isinstance(phone, pyotp.TOTP)
    return phone
