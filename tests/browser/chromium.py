"""The system's Chromium without a window, in which nothing can be fetched from elsewhere."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

EXECUTABLE = os.environ.get("RESEAL_TEST_CHROMIUM") or shutil.which("chromium")
_MISSING = "Chromium is not installed (Debian: apt-get install chromium)"
# No name leads anywhere, so that what a page asks for fails at once and shows.
_NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND"


@dataclass
class Seen:
    """A page that is open, and what went on in it: requests, console messages, errors."""

    page: Page
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Take note of what goes on from now on."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))


def need_chromium() -> str:
    """Return where Chromium is; without it skip the test, or fail in CI."""
    if EXECUTABLE is not None:
        return EXECUTABLE
    return pytest.fail(_MISSING) if os.environ.get("CI") else pytest.skip(_MISSING)


@contextmanager
def browsing(executable: str, but: str | None = None) -> Iterator[Browser]:
    """Start Chromium for the length of the block; nothing can be fetched `but` from one host."""
    rules = f"{_NOWHERE}, EXCLUDE {but}" if but else _NOWHERE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[rules])
        try:
            yield browser
        finally:
            browser.close()


def look_at(browser: Browser, file: Path, *, width: int = 1120) -> Seen:
    """Open a file as someone does who was sent it."""
    return look_at_url(browser, file.as_uri(), width=width)


def look_at_url(browser: Browser, url: str, *, width: int = 1120, height: int = 900) -> Seen:
    """Open a page, and take note of what goes on in it."""
    page = browser.new_page(viewport={"width": width, "height": height})
    seen = Seen(page)
    seen.watch()
    page.goto(url, wait_until="load")
    page.wait_for_load_state("networkidle")
    return seen
