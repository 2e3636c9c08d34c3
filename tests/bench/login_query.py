"""The login query before and after `reseal optimise`: `python -m tests.bench.login_query`.

A table of users on a server of its own, a query that no index serves, and one that none helps; the
command measures both, builds what it proposes and keeps what helps. Its figures become
docs/optimise.md, docs/login-query.svg and docs/login-query.json.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import login_page, machine
from tests.bench.site import CONFIG, Site, opened
from tests.bench.table import Table

DOCS = Path(__file__).resolve().parents[2] / "docs"

HELPED = "SELECT id, mfa_enabled FROM users WHERE lower(email) = $1 AND mfa_enabled"
NOT_HELPED = "SELECT id, email FROM users WHERE plan = $1"

ASKED = f"""{CONFIG}
[reseal]
plots = false

[optimise]
queries = ["{HELPED}", "{NOT_HELPED}"]
"""

# Two in three have the second factor on, and every one the same plan.
USERS = """
CREATE TABLE users AS
SELECT id, 'User' || id || '@Example.com' AS email, id % 3 > 0 AS mfa_enabled, 'free' AS plan,
       last_login, mfa_secret
FROM source
"""

READY = (
    USERS,
    "ALTER TABLE users ADD PRIMARY KEY (id)",
    "ALTER TABLE users ADD UNIQUE (email)",
    "VACUUM ANALYZE users",
    "CHECKPOINT",
)

INDEXES = """
SELECT indexname::text, pg_relation_size(indexname::regclass) FROM pg_indexes
WHERE tablename = 'users' ORDER BY 1
"""


@dataclass(frozen=True)
class Measured:
    """What the command said, and the table's indexes after it, by their bytes."""

    document: dict[str, Any]
    indexes: dict[str, int]


def main() -> int:
    """Measure, write the figures and what is made of them, and say what they came to."""
    given = _parser().parse_args()
    document = measure(given.rows)
    write(document, given.to)
    print(login_page.said(document))
    return 0


def measure(rows: int) -> dict[str, Any]:
    """Return everything that the page is made from."""
    table = Table(rows)
    about: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.described(),
    }
    with opened(table) as site:
        about |= {"server": machine.settings(site), "rows": rows}
        measured = _optimised(site)
    (part,) = measured.document["fields"].values()
    return about | {
        "trials": part["optimised"]["trials"],
        "seconds": measured.document["stages"]["optimise"],
        "indexes": measured.indexes,
    }


def write(document: dict[str, Any], to: Path) -> None:
    """Write the figures, the page and the plot."""
    (to / "login-query.json").write_text(json.dumps(document, indent=1) + "\n")
    (to / "optimise.md").write_text(login_page.made_of(document))
    login_page.draw(document, to / "login-query.svg")


def _optimised(site: Site) -> Measured:
    (site.directory / "reseal.toml").write_text(ASKED)
    with site.connected() as connection:
        for statement in READY:
            connection.execute(statement.encode())
    ended = subprocess.run(
        [sys.executable, "-m", "reseal.command", "optimise", "--json"],
        cwd=site.directory,
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(f"reseal optimise ended with {ended.returncode}: {ended.stderr}")
    with site.connected() as connection:
        return Measured(json.loads(ended.stdout), dict(connection.execute(INDEXES).fetchall()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.login_query", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--to", type=Path, default=DOCS, help="the directory; default docs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
