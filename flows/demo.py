"""`reseal demo`: a table of users, an application that keeps working, and the whole pipeline."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows import runs, screen
from flows.opening import Opening
from flows.progress import watching
from flows.result_shown import show_result
from flows.server import prefect_server, prepare_home
from reseal.census import take_census
from reseal.demo.process import Running
from reseal.demo.seed import seed
from reseal.settings import Settings

CONFIG = """
[[field]]
name = "users.mfa_secret"
table = "public.users"
column = "mfa_secret"
"""


def demonstrate(rows: int) -> dict[str, Any]:
    """Encrypt a fresh table under load; return the run's document with the application's report.

    The exit code is 0 where no plaintext is left and no login failed; the few values that the
    table holds on purpose and that nobody can recognise are quarantined.
    """
    settings = Settings.from_environment()
    settings = replace(settings, config=_config(settings.state))
    prepare_home(settings.state)
    with ExitStack() as stack:
        screen.say("Starting a PostgreSQL and a Prefect server of our own ...")
        server = prefect_server(settings.variables.get("PREFECT_API_URL"))
        stack.enter_context(server)
        opening = Opening.of(settings)
        screen.say(f"Making {rows:,} users with plaintext MFA secrets ...")
        seed(opening.access.url, rows)
        screen.say("Starting an application that logs them in and enrols some anew ...")
        application = _application(opening)
        try:
            options = {"config": str(settings.config), "fields": []}
            with watching() as watcher:
                document = runs.call("encrypt_secrets", options, opening, watcher).as_dict()
        finally:
            report = application.stop()
        return _verdict(opening, document, report)


def show_demo(document: dict[str, Any]) -> None:
    """Show the run's result and what the application lived through."""
    show_result(document)
    report = document["application"]
    screen.say(
        f"While it ran: {report['logins']:,} logins, {report['failed']} failed, "
        f"{report['re_enrolled']} enrolled anew, {report['lost']} lost, "
        f"median {report['p50_ms']} ms, 95th percentile {report['p95_ms']} ms."
    )
    screen.say("Demonstration passed." if not document["exit_code"] else "Demonstration FAILED.")


def _config(state: Path) -> Path:
    path = state / "demo.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CONFIG, encoding="utf-8")
    return path


def _application(opening: Opening) -> Running:
    access = opening.access
    return Running.start(
        access.url, opening.settings.config, access.kek_uri or "", access.variables
    )


def _verdict(opening: Opening, document: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    with opening.connected("demo") as store:
        target = opening.access.target(store, opening.config.fields[0].name)
        census = take_census(store, target)
    document["fields"][target.field.name]["after"] = census.as_dict()
    good = document["outcome"] in ("done", "partial") and not census.plain
    calm = not (report["failed"] or report["lost"] or report["errors"])
    return document | {"application": report, "exit_code": 0 if good and calm else 1}
