"""A PKCS#11 URI (RFC 7512), as far as it names a secret key, a module and where the PIN is."""

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from reseal.errors import KekError

_PATH = ("token", "serial", "object", "id", "type")
_QUERY = ("module-path", "pin-source")


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """Which token, which secret key on it, which library, which PIN. No PIN itself."""

    token: str | None
    serial: bytes | None
    label: str | None
    id: bytes | None
    module: str | None
    pin_source: str | None

    @classmethod
    def parse(cls, text: str) -> "Pkcs11Uri":
        """Read what follows `pkcs11:`; KekError never quotes it, for it may hold a PIN."""
        path, _, query = text.partition("?")
        said = _attributes(path, ";", _PATH) | _attributes(query, "&", _QUERY)
        found = cls(
            token=_text(said, "token"),
            serial=said.get("serial"),
            label=_text(said, "object"),
            id=said.get("id"),
            module=_text(said, "module-path"),
            pin_source=_text(said, "pin-source"),
        )
        if not (found.token or found.serial) or not (found.label or found.id):
            raise KekError(
                "a pkcs11: URI names a token and a key, such as pkcs11:token=NAME;object=LABEL"
            )
        if said.get("type", b"secret-key") != b"secret-key":
            raise KekError("a pkcs11: URI names a secret key; leave type= out")
        return found


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    said: dict[str, bytes] = {}
    for part in filter(None, text.split(separator)):
        name, _, value = part.partition("=")
        if name == "pin-value":
            raise KekError(
                "a pkcs11: URI must not hold the PIN; leave pin-value out, and name its place "
                "with pin-source=env:NAME or pin-source=file:PATH"
            )
        if name not in known or name in said:
            kind = "path" if separator == ";" else "query"
            raise KekError(
                f"a pkcs11: URI holds in its {kind}, each at most once, "
                f"the attributes {', '.join(known)}; percent-encode what is no name or value"
            )
        said[name] = unquote_to_bytes(value)
    return said


def _text(said: dict[str, bytes], name: str) -> str | None:
    try:
        return said.get(name, b"").decode() or None
    except UnicodeDecodeError:
        pass
    raise KekError(f"the attribute {name} of a pkcs11: URI is not UTF-8")
