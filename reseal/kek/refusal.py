"""The sentences that more than one provider says."""

from reseal.errors import KekError


def does_not_open(uri: str) -> KekError:
    """Return the error for a key, a context or bytes that are not those of the wrapping."""
    return KekError(
        f"the key-encryption key {uri} does not open the stored data keys; "
        "set the one under which they were wrapped"
    )


def extra_missing(scheme: str, package: str) -> KekError:
    """Return the error for a provider whose optional package is not installed."""
    return KekError(
        f"a key-encryption key {scheme}: needs the package {package}; "
        f"install it with `pip install 'reseal[{scheme}]'`"
    )


def unusable(uri: str, why: str) -> str:
    """Return a sentence of what keeps a key from being used, and of what to do."""
    return f"the key-encryption key {uri} cannot be used: {why}"
