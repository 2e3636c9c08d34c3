"""Take the picture for the documentation: `python -m tests.browser.screenshot REPORT [--to FILE]`.

REPORT is the report.html of a real run.
"""

import argparse
import sys
from pathlib import Path

from tests.browser.chromium import EXECUTABLE, browsing, look_at

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "report.png"


def main() -> int:
    """Take the picture of the upper part of a page."""
    given = _parser().parse_args()
    if EXECUTABLE is None:
        print("Chromium is not installed", file=sys.stderr)
        return 2
    with browsing(EXECUTABLE) as browser:
        page = look_at(browser, given.report.resolve(), height=given.height).page
        page.screenshot(path=given.to, full_page=given.whole)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshot", description=__doc__)
    parser.add_argument("report", type=Path, metavar="REPORT")
    parser.add_argument(
        "--to", type=Path, default=PICTURE, help="the file; default docs/report.png"
    )
    parser.add_argument("--height", type=int, default=1500, help="pixels; default 1500")
    parser.add_argument("--whole", action="store_true", help="the whole page, however long")
    return parser


if __name__ == "__main__":
    sys.exit(main())
