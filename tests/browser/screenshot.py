"""Take the picture for the documentation: `python -m tests.browser.screenshot REPORT [--to FILE]`.

REPORT is the report.html of a real run: its beginning and its plots, side by side.
"""

import argparse
import sys
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.chromium import EXECUTABLE, browsing, look_at

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "report.png"

_WIDE, _HIGH = 1120, 1480
_SIDE_BY_SIDE = """
<body style="margin:0;display:flex;gap:14px;background:#e8edf3;padding:14px">{}</body>
"""
_IMAGE = '<img style="width:{}px;box-shadow:0 1px 4px #8899aa" src="data:image/png;base64,{}">'


def main() -> int:
    """Take the picture."""
    given = _parser().parse_args()
    if EXECUTABLE is None:
        print("Chromium is not installed", file=sys.stderr)
        return 2
    with browsing(EXECUTABLE) as browser:
        page = look_at(browser, given.report.resolve(), width=_WIDE).page
        plots = page.evaluate("document.querySelector('#plots').offsetTop")
        given.to.write_bytes(_joined(browser, [_part(page, 0), _part(page, plots)], given.wide))
    return 0


def _part(page: Page, top: int) -> bytes:
    clip = {"x": 0, "y": top, "width": _WIDE, "height": _HIGH}
    return page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]


def _joined(browser: Browser, parts: list[bytes], wide: int) -> bytes:
    page = browser.new_page(viewport={"width": 100, "height": 100})
    images = [_IMAGE.format(wide, b64encode(part).decode()) for part in parts]
    page.set_content(_SIDE_BY_SIDE.format("".join(images)))
    height = round(_HIGH * wide / _WIDE) + 28
    page.set_viewport_size({"width": len(parts) * (wide + 14) + 14, "height": height})
    return page.screenshot()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshot", description=__doc__)
    parser.add_argument("report", type=Path, metavar="REPORT")
    parser.add_argument(
        "--to", type=Path, default=PICTURE, help="the file; default docs/report.png"
    )
    parser.add_argument("--wide", type=int, default=720, help="pixels of each half; default 720")
    return parser


if __name__ == "__main__":
    sys.exit(main())
