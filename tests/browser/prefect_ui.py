"""The verbs of a person before the Prefect UI, as its first version has them."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator

from tests.browser.chromium import Seen

FORM = "deployments/deployment/{}/run"
RUN = "runs/flow-run/{}"

# The control that comes after a label, whatever the boxes around both are called.
_AFTER = "xpath=//*[normalize-space(text())='{}']/following::{}[1]"
_SWITCH = "label[@role='switch']"
_CHOICE = "button[contains(@class,'p-select-button')]"
_TEXT = "*[self::input or self::textarea]"


@dataclass(frozen=True)
class Person:
    """Somebody before a page of the UI, who may keep pictures of what she sees."""

    seen: Seen
    ui: str
    album: Path | None = None

    def goes_to(self, path: str, until: str) -> None:
        """Open a page, and wait for a text on it."""
        self.seen.page.goto(f"{self.ui}/{path}")
        self.sees(until)

    def sees(self, text: str) -> None:
        """Wait for a text."""
        self.seen.page.get_by_text(text, exact=True).first.wait_for()

    def presses(self, button: str) -> None:
        """Press the last button of a name, which is that of what lies on top."""
        self.seen.page.get_by_role("button", name=button, exact=True).last.click()

    def opens(self, tab: str) -> None:
        """Open a tab of the page."""
        self.seen.page.get_by_text(tab, exact=True).last.click()

    def turns_on(self, label: str) -> None:
        """Turn a switch on."""
        self._after(label, _SWITCH).click()

    def chooses(self, label: str, option: str) -> None:
        """Choose from a list."""
        # A click opens the list and closes it again, where the mouse is as quick as this one.
        self._after(label, _CHOICE).press("ArrowDown")
        self.seen.page.get_by_role("option", name=option, exact=True).click()

    def writes(self, label: str, text: str) -> None:
        """Write into a field."""
        self._after(label, _TEXT).fill(text)

    def keeps(self, name: str) -> None:
        """Keep a picture of the page as it is."""
        if self.album is not None:
            self.seen.page.wait_for_load_state("networkidle")
            self.seen.page.screenshot(path=self.album / f"ui-{name}.png")

    def _after(self, label: str, control: str) -> Locator:
        return self.seen.page.locator(_AFTER.format(label, control))
