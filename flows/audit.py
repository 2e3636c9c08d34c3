"""`reseal audit`: what was done, by whom, and whether the log of it is whole. Only reads."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.flags import ConfigPath, Json, print_document
from flows.opening import Opening
from flows.screen import say
from reseal.audit.chain import Fault, Stored, Walk
from reseal.audit.link import Head
from reseal.audit.noted import noted_heads
from reseal.audit.verify import verify_log
from reseal.errors import AuditLogBroken
from reseal.store import event, schema
from reseal.store.ledger import parse_run_id
from reseal.store.store import Store

app = typer.Typer(help="See what was done and by whom, and verify the log.", no_args_is_help=True)

RunId = Annotated[str | None, typer.Option("--run", help="Only what concerns this run.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many events, the latest ones.")]

_HEADS_HELP = (
    "A head that was printed before, which the log must hold; repeat for more. Those in the "
    "evidence are looked at in any case."
)


@app.command("list")
def list_events(
    run: RunId = None, limit: Limit = 50, config: ConfigPath = None, as_json: Json = False
) -> None:
    """Show the latest events, one a line.

    Nothing is written.
    """
    print_document(_events(config, run, None, limit), as_json, _show_lines)


@app.command()
def show(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[EVENT]...", help="Events by their numbers.")
    ] = None,
    run: RunId = None,
    limit: Limit = 50,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Show events with all that they say and how they are chained.

    Nothing is written.
    """
    print_document(_events(config, run, numbers or None, limit), as_json, _show_whole)


@app.command()
def verify(
    heads: Annotated[
        list[str] | None, typer.Option("--head", metavar="HEAD", help=_HEADS_HELP)
    ] = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Follow the chain from the first event to the last; name the first one that is wrong.

    Nothing is written.
    """
    named = {Head.parse(text): "" for text in heads or ()}
    opening = Opening.by(config)
    with opening.connected("audit") as store:
        walk = _walk(opening, store, named)
    print_document(_verdict(walk), as_json, _show_verdict)
    if not walk.holds:
        more = f"; {walk.count - 1} more faults" if walk.count > 1 else ""
        raise AuditLogBroken(f"the audit log is not whole: {walk.faults[0].said}{more}")


def _walk(opening: Opening, store: Store, named: dict[Head, str]) -> Walk:
    noted = noted_heads(opening.shelf)
    expected = {**noted.heads, **named}
    walk = verify_log(store, expected) if schema.exists(store) else Walk(expected).along([])
    for said in noted.unreadable:
        walk.tell(Fault(None, said))
    return walk


def _verdict(walk: Walk) -> dict[str, Any]:
    return {
        "holds": walk.holds,
        "events": walk.head.events,
        "head": str(walk.head),
        "faults": [fault._asdict() for fault in walk.faults],
        "more_faults": walk.count - len(walk.faults),
    }


def _events(
    config: Path | None, run: str | None, numbers: list[int] | None, limit: int
) -> dict[str, Any]:
    run_id = parse_run_id(run) if run else None
    with Opening.by(config).connected("audit") as store:
        found = event.chosen(store, run_id, numbers, limit) if schema.exists(store) else []
    return {"events": list(map(_described, found))}


def _described(one: Stored) -> dict[str, Any]:
    links = {"previous": (one.previous or b"").hex(), "hash": (one.hash or b"").hex()}
    return {**json.loads(one.body), **links}


def _show_lines(document: dict[str, Any]) -> None:
    for one in document["events"]:
        said = f"{one['id']:>6}  {one['at'][:19]}  {one['actor']}  {one['action']}"
        say(f"{_printable(said)}  {json.dumps(one['detail'])}")
    _show_none(document)


def _show_whole(document: dict[str, Any]) -> None:
    for one in document["events"]:
        say(json.dumps(one, indent=2))
    _show_none(document)


def _show_none(document: dict[str, Any]) -> None:
    if not document["events"]:
        say("There is no such event.")


def _show_verdict(document: dict[str, Any]) -> None:
    for fault in document["faults"]:
        say(fault["said"])
    if document["holds"]:
        say(f"The log of {document['events']:,} events is whole.")
    say(f"head: {document['head']}")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
