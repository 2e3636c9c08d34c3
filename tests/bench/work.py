"""Run one of tests/bench/works in a process of its own, as whoever uses it would.

`python -m tests.bench.work MODULE FUNCTION` takes the site from standard input, and prints what
was spent. The work itself says where its counting begins: imports and connections are no part.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.bench.looks import watching
from tests.bench.measured import Measured, NotHere
from tests.bench.memory import most
from tests.bench.site import Site
from tests.bench.spent import Spent
from tests.bench.table import Keys, Table

Work = Callable[[Site], Spent]


def measure(line: str, module: str, function: str, site: Site) -> Measured:
    """Run a work and watch it; raise NotHere where it says that something is missing."""
    words = [sys.executable, "-m", "tests.bench.work", module, function]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=site.environment
    )
    with watching(process.pid, site) as looks:
        printed, _ = process.communicate(json.dumps(asdict(site), default=str))
    if process.returncode:
        raise SystemExit(f"{line} ended with {process.returncode}")
    told = json.loads(printed)
    if isinstance(told, str):
        raise NotHere(told)
    return Measured(line, site.table.rows, Spent(**told), most(looks))


def main() -> int:
    """Do the work that is named and print what it took, or why it cannot be done here."""
    module, function = sys.argv[1:]
    work: Work = getattr(importlib.import_module(f"tests.bench.works.{module}"), function)
    try:
        print(json.dumps(asdict(work(_site(sys.stdin.read())))))
    except NotHere as missing:
        print(json.dumps(str(missing)))
    return 0


def _site(told: str) -> Site:
    site = json.loads(told)
    table = Table(**site["table"] | {"keys": Keys(site["table"]["keys"])})
    return Site(site["url"], Path(site["directory"]), table, site["keys"])


if __name__ == "__main__":
    sys.exit(main())
