"""Evidence is read over loopback, by whoever asks this machine by its own name."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.evidence_served import evidence_served
from flows.server import free_port
from reseal.evidence.shelf import LocalShelf, RemoteShelf


def read(url: str, host: str | None = None) -> bytes:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "evidence" / "run").mkdir(parents=True)
    (tmp_path / "evidence" / "run" / "report.html").write_text("a page")
    (tmp_path / "kek").write_text("a key")
    with evidence_served(LocalShelf(tmp_path / "evidence"), free_port()) as url:
        yield url


def test_a_page_is_read_where_the_run_says(served: str):
    assert read(f"{served}/run/report.html") == b"a page"


@pytest.mark.parametrize("path", ["../kek", "%2e%2e/kek", "run/../../kek"])
def test_what_is_beside_the_evidence_is_not(served: str, path: str):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        read(f"{served}/{path}")


def test_a_name_that_was_made_to_lead_here_is_told_nothing(served: str):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        read(f"{served}/run/report.html", "evil.example")


def test_where_the_port_is_taken_another_is_found(tmp_path: Path):
    port = free_port()
    shelf = LocalShelf(tmp_path)
    with evidence_served(shelf, port) as first, evidence_served(shelf, port) as second:
        assert first == f"http://127.0.0.1:{port}"
        assert second != first


def test_what_is_behind_a_url_is_reached_there():
    with evidence_served(RemoteShelf("memory://bundles"), free_port()) as url:
        assert url == "memory://bundles"
