"""A server that is far away: every byte takes so many seconds each way, on a process of its own.

`python -m tests.neighbour.far SOCKET_OR_HOST PORT SECONDS` prints the port that it listens on.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_CHUNK = 1 << 16


@contextmanager
def far(url: str, seconds: float) -> Iterator[str]:
    """Yield a URL that leads to the server over a line of this length, each way."""
    parts = conninfo_to_dict(url)
    where = [str(parts["host"]), str(parts.get("port") or 5432), str(seconds)]
    command = [sys.executable, "-m", "tests.neighbour.far", *where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        # Not what the socket's directory says; and encrypted it would be another's work.
        ours = {"host": "127.0.0.1", "port": port, "sslmode": "disable", "gssencmode": "disable"}
        try:
            yield make_conninfo(url, **ours)
        finally:
            process.terminate()


async def _serve(host: str, port: str, seconds: float) -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if host.startswith("/"):
            there = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            there = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_carry(reader, there[1], seconds), _carry(there[0], writer, seconds))

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    # Each chunk is on its way for so long; those behind it do not wait for it.
    loop = asyncio.get_running_loop()
    try:
        while chunk := await reader.read(_CHUNK):
            loop.call_later(seconds, writer.write, chunk)
    except ConnectionError:
        pass
    loop.call_later(seconds, writer.close)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2], float(sys.argv[3])))
