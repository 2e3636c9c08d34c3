"""`file:PATH`: 32 raw bytes, or their base64, in a file that only its owner reads."""

from pathlib import Path

from reseal.kek.local import KEY_BYTES, LocalKek, decoded
from reseal.kek.private_file import private_content


def file_kek(path: str) -> LocalKek:
    """Read a key file; refuse one that group or others may read."""
    uri = f"file:{path}"
    content = private_content(Path(path), f"the key file {uri}")
    material = content if len(content) == KEY_BYTES else decoded(content, uri)
    return LocalKek(uri, material)
