"""How codes are made of a secret that does not say it itself (RFC 6238, RFC 4226)."""

from dataclasses import dataclass

from reseal.errors import ConfigurationError

_SECONDS_A_DAY = 86_400

DIGESTS = ("SHA1", "SHA256", "SHA512")


@dataclass(frozen=True, slots=True)
class TotpParameters:
    """The digits of a code, the seconds that it is shown, and the digest of the HMAC."""

    digits: int = 6
    period: int = 30
    digest: str = "SHA1"

    def __post_init__(self) -> None:
        # RFC 4226, 5.3: 31 bits do not fill more than 10; it asks for 6, and some applications
        # have fewer.
        if not _is_between(self.digits, 1, 10):
            raise ConfigurationError("digits must be a number from 1 to 10")
        if not _is_between(self.period, 1, _SECONDS_A_DAY):
            raise ConfigurationError("period must be a number of seconds, a day at most")
        if self.digest not in DIGESTS:
            raise ConfigurationError(f"digest must be one of {', '.join(DIGESTS)}")


def _is_between(number: int, least: int, most: int) -> bool:
    return not isinstance(number, bool) and least <= number <= most
