"""Seal the MFA secrets of a live PostgreSQL in place, and keep them verifiable all the while."""

from typing import TYPE_CHECKING, Any

from reseal.config import Config, load_config
from reseal.envelope import Envelope
from reseal.errors import (
    ConfigurationError,
    EnvelopeError,
    FieldError,
    KekError,
    KeyringError,
    MalformedEnvelope,
    NotSealed,
    ResealError,
    StoreError,
    UnknownKeyVersion,
    WillNotOpen,
)
from reseal.field import Field
from reseal.place import Place
from reseal.secret import Secret

if TYPE_CHECKING:
    from reseal.vault import Vault

__version__ = "0.1.0"

__all__ = [
    "Config",
    "ConfigurationError",
    "Envelope",
    "EnvelopeError",
    "Field",
    "FieldError",
    "KekError",
    "KeyringError",
    "MalformedEnvelope",
    "NotSealed",
    "Place",
    "ResealError",
    "Secret",
    "StoreError",
    "UnknownKeyVersion",
    "Vault",
    "WillNotOpen",
    "load_config",
]


def __getattr__(name: str) -> Any:
    # The vault brings psycopg and cryptography along: imported when it is first asked for.
    if name == "Vault":
        from reseal.vault import Vault

        return Vault
    raise AttributeError(f"module 'reseal' has no attribute {name!r}")
