"""A proxy between runs and the server that knows where a statement ends, and can be unkind.

It forwards the PostgreSQL wire protocol from a loopback port to the server's socket. A cut takes
a connection away at a statement that commits: before the server has seen it, or after the server
has answered and before the client has.
"""

import socket
import struct
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from time import sleep
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

# Reseal names its sessions, which is in the first message of each.
RUN = b"reseal run"

# What commits of its own where there is no transaction, and what ends one.
_COMMITS = (b"INSERT", b"UPDATE", b"DELETE", b"CREATE", b"COPY")
_COMMIT = b"COMMIT"
_SQL = (b"Q", b"P")
# How the answer to a statement ends; the byte that follows tells whether a transaction is open.
_READY, _IDLE = b"Z\x00\x00\x00\x05", b"I"
_CHUNK = 1 << 16
# Closing then resets the connection, as a machine does that has forgotten it.
_AT_ONCE = struct.pack("ii", 1, 0)


class Cut(Enum):
    """When a connection is cut."""

    BEFORE = "before the server sees it"
    AFTER = "after the server has answered"


@dataclass
class Script:
    """What the proxy is to do: cuts, each at the n-th commit from the one before it on."""

    cuts: deque[tuple[int, Cut]] = field(default_factory=deque)
    done: int = 0
    delay: float = 0.0
    flows: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_cut(self) -> Cut | None:
        """Return what happens at a commit that has come."""
        with self.lock:
            if not self.cuts:
                return None
            left, cut = self.cuts.popleft()
            if left:
                self.cuts.appendleft((left - 1, cut))
                return None
            self.done += 1
            return cut


class Proxy:
    """Listen on loopback for the length of the block; `url` leads through here."""

    def __init__(self, url: str) -> None:
        self.script = Script()
        self.script.flows.set()
        parts = conninfo_to_dict(url)
        self._server = f"{parts['host']}/.s.PGSQL.{parts.get('port') or 5432}"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lines: list[_Line] = []
        ours = {"host": "127.0.0.1", "port": self._listening.getsockname()[1]}
        # Encrypted, a statement could not be told from another.
        self.url = make_conninfo(url, **ours, sslmode="disable", gssencmode="disable")

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self.script.flows.set()
        self.cut_all()

    def cut_all(self) -> int:
        """Cut every connection that stands; return how many sessions of runs that were."""
        standing = [line for line in self._lines if not line.is_cut]
        for line in standing:
            line.cut()
        return sum(line.is_run for line in standing)

    @property
    def runs(self) -> int:
        """How many sessions of runs stand."""
        return sum(line.is_run and not line.is_cut for line in self._lines)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._server)
                except OSError:
                    client.close()
                    continue
                self._lines.append(_Line(client, server, self.script))


class _Line:
    """One connection through the proxy: a thread for either direction."""

    def __init__(self, client: socket.socket, server: socket.socket, script: Script) -> None:
        self.is_run = False
        self.is_cut = False
        self._client, self._server, self._script = client, server, script
        self._is_idle = True
        self._answer_is_lost = False
        self._rest, self._has_begun = b"", False
        for work in (self._ask, self._answer):
            threading.Thread(target=work, daemon=True).start()

    def cut(self) -> None:
        """Take the connection away from both."""
        self.is_cut = True
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        for end in (self._client, self._server):
            # Whoever waits for something to come wakes up by this, and not by the closing.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _ask(self) -> None:
        with suppress(OSError):
            while chunk := self._client.recv(_CHUNK):
                self._pause()
                cut = self._meets(chunk)
                if cut is Cut.BEFORE:
                    break
                self._answer_is_lost = self._answer_is_lost or cut is Cut.AFTER
                self._server.sendall(chunk)
        if not self._answer_is_lost:
            self._end()

    def _answer(self) -> None:
        last = b""
        with suppress(OSError):
            while chunk := self._server.recv(_CHUNK):
                last = (last + chunk)[-6:]
                is_ready = last[:5] == _READY
                if self._answer_is_lost:
                    if is_ready:
                        break
                    continue
                if is_ready:
                    self._is_idle = last[5:] == _IDLE
                self._pause()
                self._client.sendall(chunk)
        self._end()

    def _end(self) -> None:
        with suppress(OSError):
            self.cut()

    def _pause(self) -> None:
        self._script.flows.wait()
        if self._script.delay:
            sleep(self._script.delay)

    def _meets(self, chunk: bytes) -> Cut | None:
        """Return what happens to what the client sends now."""
        for kind, body in self._messages(chunk):
            if not kind:
                self.is_run = RUN in body
            elif self.is_run and kind in _SQL and self._commits(_statement(kind, body)):
                return self._script.next_cut()
        return None

    def _messages(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """Return the messages that are complete now; the first one has no kind."""
        self._rest += chunk
        whole: list[tuple[bytes, bytes]] = []
        while True:
            head = 1 if self._has_begun else 0
            if len(self._rest) < head + 4:
                return whole
            length = head + int.from_bytes(self._rest[head : head + 4])
            if len(self._rest) < length:
                return whole
            message, self._rest = self._rest[:length], self._rest[length:]
            self._has_begun = True
            whole.append((message[:head], message[head + 4 :]))

    def _commits(self, statement: bytes) -> bool:
        return statement.startswith(_COMMIT) or (self._is_idle and statement.startswith(_COMMITS))


def _statement(kind: bytes, body: bytes) -> bytes:
    # The name of a prepared statement comes before its text.
    return body.split(b"\0", 2)[1 if kind == b"P" else 0].lstrip()
