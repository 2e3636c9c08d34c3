"""The operator's own Prefect API is waited for while busy, and refused where it is none."""

import socket
import threading
from collections.abc import Iterator

import pytest

from flows import server
from flows.server import prefect_server
from reseal.errors import SettingsError

ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ntrue"


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(server, "_PATIENCE_SECONDS", 2)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def url_of(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}/api"


def answers(listening: socket.socket, *texts: bytes | None) -> threading.Thread:
    """Answer one connection after the other; where there is no text, not at all."""

    def serve() -> None:
        kept = []
        for text in texts:
            connection, _ = listening.accept()
            if text is None:
                kept.append(connection)
                continue
            with connection:
                connection.recv(1000)
                connection.sendall(text)
        for connection in kept:
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def test_a_server_that_is_busy_for_a_while_is_waited_for(listener: socket.socket) -> None:
    served = answers(listener, None, None, ANSWER)
    with prefect_server(url_of(listener)):
        pass
    served.join(10)
    assert not served.is_alive()


def test_a_server_that_lets_nobody_in_is_there(listener: socket.socket) -> None:
    answers(listener, b"HTTP/1.0 401 Unauthorized\r\n\r\n")
    with prefect_server(url_of(listener)):
        pass


def test_a_server_that_never_answers_is_told_from_one_that_is_not_there(
    listener: socket.socket,
) -> None:
    with pytest.raises(SettingsError, match="does not answer"), prefect_server(url_of(listener)):
        pass


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.2\r\n", b""])
def test_what_is_not_an_api_is_refused_at_once(listener: socket.socket, said: bytes) -> None:
    answers(listener, said)
    with pytest.raises(SettingsError, match="cannot be reached"), prefect_server(url_of(listener)):
        pass


@pytest.mark.parametrize("url", ["http://user:hunter2@127.0.0.1:1/api", "nonsense:hunter2"])
def test_a_url_where_nobody_is_gets_one_sentence_without_the_url(url: str) -> None:
    with pytest.raises(SettingsError, match="cannot be reached") as raised, prefect_server(url):
        pass
    assert "hunter2" not in str(raised.value)
