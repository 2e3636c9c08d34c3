"""`env:NAME`: the base64 of 32 bytes in an environment variable."""

from collections.abc import Mapping

from reseal.errors import KekError
from reseal.kek.local import LocalKek, decoded


def environment_kek(name: str, environment: Mapping[str, str]) -> LocalKek:
    """Read a key from the given environment."""
    text = environment.get(name)
    if not text:
        raise KekError(f"the environment variable {name} is not set; it should hold the KEK")
    return LocalKek(f"env:{name}", decoded(text.encode(), f"the environment variable {name}"))
