"""How a setting may be shown: what it leads to, and never a password, a key or a PIN."""

import re
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from reseal.backup.location import Location
from reseal.errors import ConfigurationError

HIDDEN = "set, and not shown: it is not of the form that it should have"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Of a URL of libpq: whatever else it may hold can be a password, or the file of one.
_PARTS = ("user", "host", "port", "dbname", "sslmode", "service")


def plain(text: str) -> str:
    """Show a setting that holds nothing secret."""
    return text if text.isprintable() else HIDDEN


def database(url: str) -> str:
    """Show the parts of a URL of libpq that tell where it leads."""
    try:
        said = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return HIDDEN
    shown = [f"{part}={said[part]}" for part in _PARTS if said.get(part)]
    return " ".join(shown + ["password=(not shown)"] * ("password" in said)) or "(empty)"


def key(text: str) -> str:
    """Show the URIs of keys; what is no URI may be a key by mistake."""
    return " ".join(_uri(uri) for uri in text.split())


def _uri(uri: str) -> str:
    scheme, _, rest = uri.partition(":")
    if scheme in ("file", "awskms") and rest:
        return uri
    if scheme == "env" and _NAME.fullmatch(rest):
        return uri
    if scheme == "pkcs11" and "pin-value" not in rest:
        # The module and the place of the PIN come after it.
        return uri.partition("?")[0]
    return HIDDEN


def place(text: str) -> str:
    """Show a directory, or a URL that holds no credential."""
    try:
        return Location.parse(text).text
    except ConfigurationError:
        return HIDDEN


def link(url: str) -> str:
    """Show of a URL of HTTP where it leads, without user, password and query."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return HIDDEN
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return HIDDEN
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
