"""`reseal quarantine`: the rows that no run could handle. The commands need no Prefect."""

from collections import Counter
from typing import Annotated, Any

import typer

from flows.flags import ConfigPath, Fields, Json, print_document, print_ended
from flows.opening import Opening
from flows.quarantine_shown import show_quarantine, show_retry
from flows.screen import say
from reseal.access import Access
from reseal.errors import ConfigurationError
from reseal.field import Field
from reseal.quarantine.accept import Decision
from reseal.quarantine.accept import accept as accept_rows
from reseal.quarantine.choice import Choice
from reseal.quarantine.retry import Chosen, Retried, Retry
from reseal.quarantine.trouble import Trouble
from reseal.store import quarantine as kept
from reseal.store import schema
from reseal.store.store import Store

app = typer.Typer(
    help="See the rows that no run could handle, accept them as they are, or try them again.",
    no_args_is_help=True,
)

_SHOWN = 20

_KEYS_HELP = (
    "Row keys as `list` shows them: the key itself, or where it has several parts a JSON array, "
    "'[\"eu\", 7]'. Write -- before one that begins with a dash."
)

Keys = Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help=_KEYS_HELP)]


@app.command("list")
def list_rows(
    fields: Fields = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="How many rows a person is shown.")
    ] = _SHOWN,
    every: Annotated[bool, typer.Option("--all", help="Show every row.")] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Show the rows that are set aside: key, class, reason, since when, accepted by whom.

    Nothing is written.
    """
    opening = Opening.by(config)
    with opening.connected("quarantine") as store:
        chosen = opening.config.select(fields or [])
        rows = [row for field in chosen for row in _rows(store, field)]
    document = {"counts": _counts(rows), "rows": rows}
    print_document(
        document, as_json, lambda shown: show_quarantine(shown, None if every else limit)
    )


@app.command()
def accept(
    field: Annotated[str, typer.Option("--field", help="The field of reseal.toml.")],
    approved_by: Annotated[str, typer.Option("--approved-by", help="Who approved it, by name.")],
    keys: Keys = None,
    note: Annotated[str | None, typer.Option("--note", help="Why, for those who read it.")] = None,
    trouble: Annotated[
        Trouble | None, typer.Option("--class", help="Every row of this class, instead of keys.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every row of the field.")] = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Leave rows as they are: no run ends with exit code 4 for them any more.

    They stay in the list, and that holds while a run meets them with the same class. Writes the
    decision, and an event of the audit log; no row of the table.
    """
    choice = Choice(tuple(keys or ()), trouble, every)
    opening = Opening.by(config)
    with opening.connected_to_write("quarantine") as store:
        decision = Decision(approved_by, opening.settings.actor, note)
        target = opening.access.target(store, opening.config.field(field).name)
        classes = accept_rows(store, target, choice, decision)
    document = {
        "field": field,
        "accepted": classes.total(),
        "classes": {str(one): rows for one, rows in sorted(classes.items())},
        "approved_by": approved_by,
        "note": note,
    }
    said = f"{classes.total()} rows of {field} are accepted as they are."
    print_document(document, as_json, lambda _: say(said))


@app.command()
def retry(
    keys: Keys = None,
    fields: Fields = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Look at the rows again now, and seal or reseal those where that works by now.

    Without keys, at all that nobody accepted. It is a run of its own, which `reseal rollback`
    undoes. Gone are rows that are in no trouble any more: deleted, disabled, or sealed and opening.
    Writes those rows, their backup, evidence, and events of the audit log.
    """
    opening = Opening.by(config)
    with opening.connected_to_write("quarantine") as store:
        access, actor = opening.access, opening.settings.actor
        recording = opening.recording()
        chosen = _chosen(access, store, access.config.select(fields or []), tuple(keys or ()))
        retried = Retry(access, store, actor, recording).carry_out(chosen)
        document = _document(access, store, retried)
        document["evidence"] = recording.where(retried.run_id) if retried.run_id else None
    print_ended(document, as_json, show_retry)


def _chosen(
    access: Access, store: Store, fields: tuple[Field, ...], keys: tuple[str, ...]
) -> Chosen:
    if keys and len(fields) != 1:
        raise ConfigurationError("say with --field whose rows these keys are")
    choice = Choice(keys, every=not keys)
    chosen = {}
    for field in fields:
        target = access.target(store, field.name)
        chosen[field.name] = frozenset(row.key for row in choice.of(store, target))
    return chosen


def _document(access: Access, store: Store, retried: Retried) -> dict[str, Any]:
    document = retried.as_dict()
    for name, judgement in retried.fields.items():
        left = set(judgement.left)
        rows = _rows(store, access.config.field(name))
        document["fields"][name]["rows_left"] = [row for row in rows if tuple(row["key"]) in left]
    return document


def _rows(store: Store, field: Field) -> list[dict[str, Any]]:
    if not schema.exists(store):
        return []
    return [
        {
            "field": field.name,
            "key": record.row_key,
            "class": str(record.trouble),
            **{word: getattr(record, word) for word in _WORDS},
        }
        for record in kept.records(store, field.name)
    ]


_WORDS = ("reason", "since", "seen", "run_id", "accepted", "accepted_by", "note")


def _counts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    waiting = Counter((row["field"], row["class"]) for row in rows if row["accepted"] is None)
    accepted = Counter((row["field"], row["class"]) for row in rows if row["accepted"] is not None)
    return [
        {"field": name, "class": one, "rows": waiting[name, one], "accepted": accepted[name, one]}
        for name, one in sorted({*waiting, *accepted})
    ]
