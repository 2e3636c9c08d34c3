"""A file that holds a key or a PIN, and that only its owner may reach."""

import stat
from pathlib import Path

from reseal.errors import KekError


def private_content(path: Path, name: str) -> bytes:
    """Read a file; refuse one that group or others may reach. `name` is what errors call it."""
    try:
        exposed = stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
        content = path.read_bytes()
    except OSError as error:
        remedy = 'put it back, or see docs/runbook.md, "A key that is lost"'
        raise KekError(f"{name} cannot be read: {error.strerror}; {remedy}") from None
    if exposed:
        raise KekError(f"{name} is open to others; run `chmod 600` on it")
    return content
