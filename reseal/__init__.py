"""Seal the MFA secrets of a live PostgreSQL in place, and keep them verifiable all the while."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reseal.config import Config, load_config
from reseal.envelope import Envelope
from reseal.errors import (
    BackupFileError,
    ConfigurationError,
    EnvelopeError,
    FieldError,
    KekError,
    KeyringError,
    MalformedEnvelope,
    NoCode,
    NoSecret,
    NotSealed,
    PlaintextRefused,
    Replayed,
    ResealError,
    StoreError,
    UnknownKeyVersion,
    Unreachable,
    WillNotOpen,
    WrongToken,
)
from reseal.field import Field
from reseal.place import Place
from reseal.secret import Secret

if TYPE_CHECKING:
    from reseal.async_users import AsyncUsers
    from reseal.async_vault import AsyncVault
    from reseal.backup.file import open_backup
    from reseal.pool import AdaptivePool, open_async_pool, open_pool
    from reseal.users import Users
    from reseal.vault import Vault

__version__ = "0.1.0"

__all__ = [
    "AdaptivePool",
    "AsyncUsers",
    "AsyncVault",
    "BackupFileError",
    "Config",
    "ConfigurationError",
    "Envelope",
    "EnvelopeError",
    "Field",
    "FieldError",
    "KekError",
    "KeyringError",
    "MalformedEnvelope",
    "NoCode",
    "NoSecret",
    "NotSealed",
    "Place",
    "PlaintextRefused",
    "Replayed",
    "ResealError",
    "Secret",
    "StoreError",
    "UnknownKeyVersion",
    "Unreachable",
    "Users",
    "Vault",
    "WillNotOpen",
    "WrongToken",
    "load_config",
    "open_async_pool",
    "open_backup",
    "open_pool",
]


# These bring psycopg and cryptography along: imported when they are first asked for.
_LATE = {
    "AdaptivePool": "reseal.pool",
    "AsyncUsers": "reseal.async_users",
    "AsyncVault": "reseal.async_vault",
    "Users": "reseal.users",
    "Vault": "reseal.vault",
    "open_async_pool": "reseal.pool",
    "open_backup": "reseal.backup.file",
    "open_pool": "reseal.pool",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module 'reseal' has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
