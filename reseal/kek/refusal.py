"""The sentences that more than one provider says."""

from dataclasses import dataclass
from enum import StrEnum

from reseal.errors import KekError


class Duty(StrEnum):
    """What a key is for, as sentences call it."""

    WRAPS = "key-encryption key"
    SIGNS = "signing key"


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key by what it is for and its URI; no secret."""

    duty: Duty
    uri: str

    def __str__(self) -> str:
        return f"the {self.duty} {self.uri}"


def does_not_open(uri: str) -> KekError:
    """Return the error for a key, a context or bytes that are not those of the wrapping."""
    return KekError(
        f"the key-encryption key {uri} does not open the stored data keys; "
        "set the one under which they were wrapped"
    )


def extra_missing(scheme: str, package: str, duty: Duty) -> KekError:
    """Return the error for a provider whose optional package is not installed."""
    return KekError(
        f"a {duty} {scheme}: needs the package {package}; "
        f"install it with `pip install 'reseal[{scheme}]'`"
    )


def unusable(key: KeyName, why: str) -> str:
    """Return a sentence of what keeps a key from being used, and of what to do."""
    return f"{key} cannot be used: {why}"
