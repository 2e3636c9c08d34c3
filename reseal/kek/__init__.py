"""Key-encryption keys: one interface of two verbs, one file a provider."""

from collections.abc import Callable, Mapping

from reseal.errors import KekError
from reseal.kek.aws_kms import AwsKmsKek
from reseal.kek.environment import environment_kek
from reseal.kek.file import file_kek
from reseal.kek.interface import Kek
from reseal.kek.pkcs11 import Pkcs11Kek
from reseal.kek.remembered import RememberedKek
from reseal.kek.several import SeveralKeks

_Provider = Callable[[str, Mapping[str, str]], Kek]

_LOCAL: dict[str, _Provider] = {
    "file": lambda path, _environment: file_kek(path),
    "env": environment_kek,
}
_REMOTE: dict[str, _Provider] = {
    "awskms": AwsKmsKek,
    "pkcs11": Pkcs11Kek,
}


def open_kek(
    text: str, environment: Mapping[str, str], known: dict[bytes, bytes] | None = None
) -> Kek:
    """Return the key-encryption key that a URI such as `file:PATH` or `env:NAME` names.

    Several URIs, with white space between them (so none holds any), are the new key and those
    that it replaces. `known` is where the keys that a service or device unwrapped are kept.
    `env:NAME` is followed where the variable holds URIs, as RESEAL_KEK does.
    """
    keks = [_open_one(uri, environment, known) for uri in _followed(text, environment)]
    return keks[0] if len(keks) == 1 else SeveralKeks(keks)


def _followed(text: str, environment: Mapping[str, str]) -> list[str]:
    uris = text.split() or [""]
    scheme, _, name = uris[0].partition(":")
    held = environment.get(name, "") if len(uris) == 1 and scheme == "env" else ""
    # Base64 has no colon, so what holds one is not a key. One step: a URI names no further one.
    return held.split() if ":" in held else uris


def _open_one(uri: str, environment: Mapping[str, str], known: dict[bytes, bytes] | None) -> Kek:
    scheme, _, rest = uri.partition(":")
    provider = (_LOCAL | _REMOTE).get(scheme)
    if provider is None or not rest:
        schemes = ", ".join(f"{name}:" for name in _LOCAL | _REMOTE)
        raise KekError(
            "a key-encryption key (RESEAL_KEK, RESEAL_BACKUP_KEK) is named by a URI "
            f"that begins with one of {schemes} and holds no blank"
        )
    kek = provider(rest, environment)
    return RememberedKek(kek, known) if known is not None and scheme in _REMOTE else kek


__all__ = ["Kek", "open_kek"]
