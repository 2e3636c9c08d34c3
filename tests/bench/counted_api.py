"""Prefect's API over a way on which the requests are counted."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_CHUNK = 1 << 16
# A request begins a chunk of its own: nobody sends another one before the answer.
_REQUEST = re.compile(rb"(GET|POST|PATCH|PUT|DELETE) /api/([a-z_]*)\S* HTTP/1\.1\r\n")


@contextmanager
def counted_api(api_url: str) -> Iterator[tuple[str, Counter[str]]]:
    """Yield a URL that leads to an API, and what is counted: requests by method and route."""
    requests: Counter[str] = Counter()
    there = urlsplit(api_url)
    loop = asyncio.new_event_loop()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other, onward = await asyncio.open_connection(there.hostname, there.port)
        await asyncio.gather(_carry(reader, onward, requests), _carry(other, writer, None))

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    begun = asyncio.run_coroutine_threadsafe(asyncio.start_server(meet, "127.0.0.1", 0), loop)
    port = begun.result().sockets[0].getsockname()[1]
    try:
        yield there._replace(netloc=f"127.0.0.1:{port}").geturl(), requests
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: Counter[str] | None
) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            if requests is not None and (found := _REQUEST.match(chunk)):
                requests[b" ".join(found.groups()).decode()] += 1
            writer.write(chunk)
    except ConnectionError:
        pass
    writer.close()
