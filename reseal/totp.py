"""Time-based one-time passwords (RFC 6238) from a secret as its field's format spells it.

    verify(Secret("jbsw y3dp ehpk 3pxp"), "base32", "492039", at=time.time())

An otpauth URI brings its own digits, period and digest; to every other format the field's apply,
which are 6, 30 and SHA-1 where reseal.toml says nothing. No error quotes the secret, and none has
a cause that does.
"""

import hashlib
import hmac
from base64 import b32decode, b32encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pyotp

from reseal.errors import ConfigurationError, NoCode
from reseal.secret import Secret
from reseal.totp_parameters import TotpParameters

_IGNORED = str.maketrans("", "", " -\t\r\n")
_DIGESTS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


_USUAL = TotpParameters()


def code(secret: Secret, format_name: str, at: float, parameters: TotpParameters = _USUAL) -> str:
    """Return the code that a phone shows at a moment, in seconds since 1970."""
    generator = _generator(secret, format_name, parameters)
    return generator.code(generator.step(at))


def verify(secret: Secret, format_name: str, token: str, at: float, window: int = 1) -> bool:
    """Say whether a token is right now or up to `window` steps away, in constant time."""
    return step_of(secret, format_name, token, at, window) is not None


def step_of(
    secret: Secret,
    format_name: str,
    token: str,
    at: float,
    window: int = 1,
    parameters: TotpParameters = _USUAL,
) -> int | None:
    """Return the time step whose code a token is, in constant time; None where it is of none.

    Of several it is the latest, so that remembering it refuses all of them (RFC 6238, 5.2).
    """
    generator, given = _generator(secret, format_name, parameters), token.encode()
    now = generator.step(at)
    steps = range(max(0, now - window), now + window + 1)
    # A list, not a generator: every code is compared, whichever one matches.
    matches = [step for step in steps if hmac.compare_digest(generator.code(step).encode(), given)]
    return matches[-1] if matches else None


def otpauth_uri(
    secret: Secret,
    format_name: str,
    account: str,
    issuer: str,
    parameters: TotpParameters = _USUAL,
) -> str:
    """Return the URI that a phone scans (Key Uri Format), with the secret in it.

    A secret that is such a URI keeps its key, digits, period and digest under the new label.
    """
    generator = _generator(secret, format_name, parameters)
    said = {
        "secret": b32encode(generator.otp.byte_secret()).decode().rstrip("="),
        "issuer": issuer,
        # What is usual is left out: some phones refuse to read it, and all of them assume it.
        **generator.unusual(),
    }
    label = quote(f"{issuer}:{account}", safe=":@")
    return f"otpauth://totp/{label}?{urlencode(said, quote_via=quote)}"


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
    parameters: TotpParameters

    def step(self, at: float) -> int:
        return int(at // self.parameters.period)

    def code(self, step: int) -> str:
        return self.otp.generate_otp(step)

    def unusual(self) -> dict[str, object]:
        said = self.parameters
        words = {"digits": said.digits, "period": said.period, "algorithm": said.digest}
        usual = (_USUAL.digits, _USUAL.period, _USUAL.digest)
        return {
            word: value
            for (word, value), other in zip(words.items(), usual, strict=True)
            if value != other
        }


def _generator(secret: Secret, format_name: str, parameters: TotpParameters) -> _Generator:
    try:
        if format_name == "otpauth":
            return _otpauth(secret)
        return _made(_READERS[format_name](secret), parameters)
    except (ValueError, ConfigurationError):
        # Raised below, outside of this block: the cause of a decoding error holds the value.
        pass
    raise NoCode(f"the secret is not one in the format {format_name}; no code can be made of it")


def _made(material: bytes, parameters: TotpParameters) -> _Generator:
    if not material:
        raise ValueError
    return _Generator(_Hotp(material, parameters.digits, _DIGESTS[parameters.digest]), parameters)


def _base32(text: str) -> bytes:
    bare = text.translate(_IGNORED).rstrip("=")
    return b32decode(bare + "=" * (-len(bare) % 8), casefold=True)


def _otpauth(secret: Secret) -> _Generator:
    parts = urlsplit(secret.reveal())
    said = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if (parts.scheme, parts.netloc.lower()) != ("otpauth", "totp") or "encoder" in said:
        raise ValueError
    parameters = TotpParameters(
        digits=int(said.get("digits", 6)),
        period=int(said.get("period", 30)),
        digest=said.get("algorithm", "SHA1").upper(),
    )
    return _made(_base32(said.get("secret", "")), parameters)


_READERS: dict[str, Callable[[Secret], bytes]] = {
    "base32": lambda secret: _base32(secret.reveal()),
    "hex": lambda secret: bytes.fromhex(secret.reveal()),
    "text": lambda secret: secret.reveal().encode(),
    "bytes": Secret.octets,
}
