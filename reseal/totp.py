"""Time-based one-time passwords (RFC 6238) from a secret as its field's format spells it.

    verify(Secret("jbsw y3dp ehpk 3pxp"), "base32", "492039", at=time.time())

An otpauth URI brings its own digits, period and digest; every other format means 6, 30 and SHA-1.
No error quotes the secret, and none has a cause that does.
"""

import hashlib
import hmac
from base64 import b32decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp

from reseal.errors import ResealError
from reseal.secret import Secret

_IGNORED = str.maketrans("", "", " -\t\r\n")
_DIGESTS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


class NoCode(ResealError):
    """No code can be made of a secret, because it is not what its field's format says."""


def code(secret: Secret, format_name: str, at: float) -> str:
    """Return the code that a phone shows at a moment, in seconds since 1970."""
    generator = _generator(secret, format_name)
    return generator.code(generator.step(at))


def verify(secret: Secret, format_name: str, token: str, at: float, window: int = 1) -> bool:
    """Say whether a token is right now or up to `window` steps away, in constant time."""
    generator, given = _generator(secret, format_name), token.encode()
    now = generator.step(at)
    steps = range(max(0, now - window), now + window + 1)
    # A list, not a generator: `any` over a generator would stop at the first match.
    found = [hmac.compare_digest(generator.code(step).encode(), given) for step in steps]
    return any(found)


def same_code(one: Secret, other: Secret, format_name: str, at: float) -> bool:
    """Say whether two secrets give the same code at a moment."""
    return hmac.compare_digest(code(one, format_name, at), code(other, format_name, at))


class _Hotp(pyotp.HOTP):
    """pyotp without its floor: from 2.12 on it refuses keys under 112 bits.

    Sixteen characters, 80 bits, were its own default until 2.6, and users log in with them.
    """

    def __init__(self, material: bytes, digits: int, digest: Any) -> None:
        self._material = material
        super().__init__("", digits=digits, digest=digest)

    def byte_secret(self) -> bytes:
        return self._material


@dataclass(frozen=True, slots=True)
class _Generator:
    otp: _Hotp
    period: int

    def step(self, at: float) -> int:
        return int(at // self.period)

    def code(self, step: int) -> str:
        return self.otp.generate_otp(step)


def _generator(secret: Secret, format_name: str) -> _Generator:
    try:
        return _READERS[format_name](secret)
    except ValueError:
        # Raised below, outside of this block: the cause of a decoding error holds the value.
        pass
    raise NoCode(f"the secret is not one in the format {format_name}; no code can be made of it")


def _made(material: bytes, digits: int = 6, period: int = 30, digest: str = "SHA1") -> _Generator:
    if not material or period < 1 or digest not in _DIGESTS:
        raise ValueError
    return _Generator(_Hotp(material, digits, _DIGESTS[digest]), period)


def _base32(text: str) -> bytes:
    bare = text.translate(_IGNORED).rstrip("=")
    return b32decode(bare + "=" * (-len(bare) % 8), casefold=True)


def _otpauth(secret: Secret) -> _Generator:
    parts = urlsplit(secret.reveal())
    said = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if (parts.scheme, parts.netloc.lower()) != ("otpauth", "totp") or "encoder" in said:
        raise ValueError
    return _made(
        _base32(said.get("secret", "")),
        int(said.get("digits", 6)),
        int(said.get("period", 30)),
        said.get("algorithm", "SHA1").upper(),
    )


_READERS: dict[str, Callable[[Secret], _Generator]] = {
    "base32": lambda secret: _made(_base32(secret.reveal())),
    "hex": lambda secret: _made(bytes.fromhex(secret.reveal())),
    "otpauth": _otpauth,
    "text": lambda secret: _made(secret.reveal().encode()),
    "bytes": lambda secret: _made(secret.octets()),
}
