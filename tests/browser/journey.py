"""Go a person's way through the Prefect UI: `python -m tests.browser.journey [--to DIRECTORY]`.

From the form of `encrypt` over the approval to the artifacts and the report, on what `reseal serve`
has brought up; with --to pictures are kept, which docs/prefect.md shows.
"""

import argparse
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from flows.server import free_port
from reseal.embedded import start_server
from tests.browser.chromium import EXECUTABLE, browsing, look_at_url
from tests.browser.prefect_ui import FORM, RUN, Person
from tests.flows.conftest import CONFIG
from tests.flows.scene import clean_environment, wait_until
from tests.scratch import scratch

USERS = 5_000
TABLE = """
CREATE TABLE users (id bigserial PRIMARY KEY, email text, mfa_secret text,
                    mfa_enabled boolean NOT NULL DEFAULT true, last_login timestamptz)
"""
ENROL = """
INSERT INTO users (email, mfa_secret)
SELECT 'user' || i || '@example.com', 'JBSWY3DPEHPK3PXP' FROM generate_series(1, %s) AS i
"""
PLAIN = "SELECT count(*) FROM users WHERE NOT starts_with(mfa_secret, 'eyJrZXlWZXJzaW9uIjo')"


def main() -> int:
    """Go the whole way, and say what was seen."""
    given = _parser().parse_args()
    if EXECUTABLE is None:
        print("Chromium is not installed", file=sys.stderr)
        return 2
    with (
        scratch("reseal-journey-") as made,
        _serving(directory := Path(made)) as document,
        browsing(EXECUTABLE, but="127.0.0.1") as browser,
    ):
        seen = look_at_url(browser, document["ui"], width=1280, height=1000)
        person = Person(seen, document["ui"], given.to)
        run_id = _goes(person, document)
        _reads(person, document, run_id)
        hosts = {urlsplit(url).netloc for url in seen.requests if url.startswith("http")}
        assert hosts == {urlsplit(document["ui"]).netloc}, hosts
        with psycopg.connect(start_server(directory / ".reseal" / "postgres")) as connection:
            assert connection.execute(PLAIN).fetchone() == (0,)
    print(f"{USERS} secrets sealed from the form; the pages asked {', '.join(hosts)} only")
    return 0


def _goes(person: Person, document: dict[str, Any]) -> str:
    """Start a run with changed options, approve it, and see it complete."""
    (encrypt,) = (one["id"] for one in document["deployments"] if one["name"] == "encrypt")
    person.goes_to("deployments", "retire-key")
    person.keeps("deployments")
    person.goes_to(FORM.format(encrypt), "Mode (Optional)")
    person.chooses("Mode (Optional)", "aggressive")
    person.turns_on("Require Approval (Optional)")
    person.keeps("form")
    person.presses("Submit")
    run_id = _in_state(document, encrypt, "PAUSED")
    person.goes_to(RUN.format(run_id), "Paused")
    person.presses("Resume")
    person.turns_on("Approve (Optional)")
    person.writes("Your name", "Ada Lovelace")
    person.presses("Submit")
    assert _in_state(document, encrypt, "COMPLETED") == run_id
    return run_id


def _reads(person: Person, document: dict[str, Any], run_id: str) -> None:
    """Look at the run's artifacts, and follow the link to its report."""
    person.goes_to(RUN.format(run_id), "Completed")
    person.opens("Artifacts")
    person.sees("summary")
    person.keeps("artifacts")
    (summary,) = (
        one
        for one in _asked(document, "artifacts/filter", {"artifacts": _of_run(run_id)})
        if one["key"] == "summary"
    )
    person.goes_to(f"artifacts/artifact/{summary['id']}", "report")
    with person.seen.page.expect_popup() as opened:
        person.seen.page.get_by_role("link", name="report", exact=True).click()
    opened.value.get_by_text(run_id).first.wait_for()
    assert opened.value.url == f"{document['evidence']}/{run_id}/report.html"


def _in_state(document: dict[str, Any], deployment: str, state: str) -> str:
    """Wait for a run of a deployment to be in a state; return its id."""
    asked = {
        "deployments": {"id": {"any_": [deployment]}},
        "flow_runs": {"state": {"type": {"any_": [state]}}},
    }
    wait_until(lambda: _asked(document, "flow_runs/filter", asked), 120)
    (run,) = _asked(document, "flow_runs/filter", asked)
    return str(run["id"])


def _of_run(run_id: str) -> dict[str, Any]:
    return {"flow_run_id": {"any_": [run_id]}}


def _asked(document: dict[str, Any], path: str, query: dict[str, Any]) -> Any:
    headers = {"Content-Type": "application/json"}
    url = f"{document['api']}/{path}"
    request = urllib.request.Request(url, json.dumps(query).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@contextmanager
def _serving(directory: Path) -> Iterator[dict[str, Any]]:
    """Have `reseal serve` at work on an embedded server with users; yield what it says."""
    # The embedded server gives its files to an account of its own.
    directory.chmod(0o755)
    (directory / "reseal.toml").write_text(CONFIG.replace("plots = false\n", ""))
    with psycopg.connect(start_server(directory / ".reseal" / "postgres")) as connection:
        connection.execute(TABLE)
        connection.execute(ENROL, [USERS])
    room = str(Path(__file__).parents[2])
    ours = {name: text for name, text in clean_environment().items() if "PREFECT" not in name}
    path = os.pathsep.join(filter(None, [room, ours.get("PYTHONPATH", "")]))
    words = ["serve", "--port", str(free_port()), "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "reseal.command", *words],
        cwd=directory, env={**ours, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(120)
    assert process.returncode == 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.journey", description=__doc__)
    parser.add_argument("--to", type=Path, metavar="DIRECTORY", help="keep pictures there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
