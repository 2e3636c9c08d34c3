"""The PIN of a token: in an environment variable or in a file that only its owner reads."""

from collections.abc import Mapping
from pathlib import Path

from reseal.errors import KekError
from reseal.kek.private_file import private_content


def pin_from(source: str | None, environment: Mapping[str, str]) -> str:
    """Read the PIN from `env:NAME` or `file:PATH`; the end of a line is not part of it."""
    scheme, _, place = (source or "").partition(":")
    if scheme == "env" and place:
        return _needed(environment.get(place), f"the environment variable {place}")
    if scheme == "file" and place:
        name = f"the PIN file file:{place}"
        return _needed(_text(private_content(Path(place), name), name), name)
    raise KekError("a pkcs11: URI says where the PIN is: pin-source=env:NAME or file:PATH")


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        pass
    raise KekError(f"{name} is not UTF-8; write the PIN into it as text")


def _needed(pin: str | None, name: str) -> str:
    if not pin:
        raise KekError(f"{name} holds no PIN; it should hold the one of the token's user")
    return pin
