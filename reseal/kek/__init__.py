"""Key-encryption keys: one interface of two verbs, one file a provider."""

from collections.abc import Callable, Mapping

from reseal.errors import KekError
from reseal.kek.environment import environment_kek
from reseal.kek.file import file_kek
from reseal.kek.interface import Kek

_PROVIDERS: dict[str, Callable[[str, Mapping[str, str]], Kek]] = {
    "file": lambda path, _environment: file_kek(path),
    "env": environment_kek,
}


def open_kek(uri: str, environment: Mapping[str, str]) -> Kek:
    """Return the key-encryption key that a URI such as `file:PATH` or `env:NAME` names."""
    scheme, _, rest = uri.partition(":")
    provider = _PROVIDERS.get(scheme)
    if provider is None or not rest:
        known = ", ".join(f"{name}:" for name in _PROVIDERS)
        raise KekError(
            "a key-encryption key (RESEAL_KEK, RESEAL_BACKUP_KEK) is named by a URI "
            f"that begins with one of {known}"
        )
    return provider(rest, environment)


__all__ = ["Kek", "open_kek"]
