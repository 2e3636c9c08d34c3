"""`file:PATH`: 32 raw bytes, or their base64, in a file that only its owner reads."""

import stat
from pathlib import Path

from reseal.errors import KekError
from reseal.kek.local import KEY_BYTES, LocalKek, decoded


def file_kek(path: str) -> LocalKek:
    """Read a key file; refuse one that group or others may read."""
    uri = f"file:{path}"
    content = _content(Path(path), uri)
    material = content if len(content) == KEY_BYTES else decoded(content, uri)
    return LocalKek(uri, material)


def _content(path: Path, uri: str) -> bytes:
    try:
        exposed = stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
        content = path.read_bytes()
    except OSError as error:
        raise KekError(f"the key file {uri} cannot be read: {error.strerror}") from None
    if exposed:
        raise KekError(f"the key file {uri} is open to others; run `chmod 600` on it")
    return content
