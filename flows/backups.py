"""`reseal backup`: what backups there are, whether they hold, and how they are destroyed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from flows.backups_shown import show_backups, show_proofs, show_shredded
from flows.flags import ConfigPath, Json, print_document
from flows.opening import Opening
from reseal.backup import again, table
from reseal.backup.inventory import inventory
from reseal.backup.shred import Shredded, Shredder
from reseal.errors import (
    BackupNotProven,
    ConfigurationError,
    ResealError,
    SettingsError,
)
from reseal.kek import Kek, open_kek
from reseal.outcome import Outcome
from reseal.settings import Settings
from reseal.store import schema
from reseal.store.ledger import parse_run_id
from reseal.store.store import Store

_UNSEEN_HELP = (
    "A field whose rows cannot be looked at, as it is not in reseal.toml or not in the database: "
    "shred its backup nevertheless; repeat for more, goes with --approved-by."
)

app = typer.Typer(
    help="See the backups of runs, prove them again, and destroy them.", no_args_is_help=True
)


@app.command("list")
def list_backups(config: ConfigPath = None, as_json: Json = False) -> None:
    """Show every backup: its run and field, rows, dates, key-encryption key, copies.

    Nothing is written.
    """
    with Opening.by(config).connected("backup") as store:
        found = inventory(store) if schema.exists(store) else []
    print_document({"backups": found}, as_json, show_backups)


@app.command()
def prove(
    what: Annotated[
        str, typer.Argument(metavar="RUN|FILE|URL", help="A run id, or a backup file.")
    ],
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Open all of a run's backup and of its copies; or of a file, which needs no database.

    Writes an event of the audit log; of a file, nothing.
    """
    run_id = _run_id(what)
    found = _prove_run(config, run_id) if run_id else [_prove_file(config, what)]
    faults = [fault for one in found for fault in one.faults]
    document = {"proven": not faults, "backups": [one.as_dict() for one in found]}
    print_document(document, as_json, show_proofs)
    if faults:
        more = f"; {len(faults) - 1} more of its parts are not proven" if faults[1:] else ""
        raise BackupNotProven(faults[0] + more)


@app.command()
def shred(
    run: Annotated[str | None, typer.Argument(help="The run whose backups are destroyed.")] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="Those of every run that are past their date.")
    ] = False,
    approved_by: Annotated[
        str, typer.Option("--approved-by", help="Who approved it, by name.")
    ] = "",
    unseen: Annotated[
        list[str] | None, typer.Option("--unseen", metavar="FIELD", help=_UNSEEN_HELP)
    ] = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Destroy a backup's key, its rows and its copies; a rollback of the run is over then.

    Writes over what it destroys, and an event of the audit log; no row of the table.
    """
    if (run is None) is not expired:
        raise ConfigurationError("name one run, or pass --expired for all that are past their date")
    with _opened(config) as (opening, store):
        chosen = table.expired(store) if run is None else [parse_run_id(run)]
        by = approved_by.strip()
        actor = opening.settings.actor
        shredder = Shredder(opening.access, store, actor, by, frozenset(unseen or ()))
        done, refusals = _shred(shredder, chosen)
    document = {
        "shredded": [one.as_dict() for one in done],
        "refused": {str(run_id): str(refusal) for run_id, refusal in refusals.items()},
    }
    # Of one run the refusal is all there is to say.
    if done or run is None:
        print_document(document, as_json, show_shredded)
    for refusal in refusals.values():
        raise refusal
    if any(one.not_deleted for one in done):
        raise typer.Exit(Outcome.PARTIAL.exit_code)


Refusals = dict[UUID, ResealError]


def _shred(shredder: Shredder, runs: list[UUID]) -> tuple[list[Shredded], Refusals]:
    """Try each by itself: what is in the way of one is no reason to keep another."""
    done: list[Shredded] = []
    refusals: Refusals = {}
    for run_id in runs:
        try:
            done.append(shredder.shred(run_id))
        except ResealError as refusal:
            refusals[run_id] = refusal
    return done, refusals


def _prove_run(config: Path | None, run_id: UUID) -> list[again.Again]:
    with _opened(config) as (opening, store):
        kek = opening.access.backup_kek()
        return again.prove_run(store, run_id, kek, opening.settings.actor)


def _prove_file(config: Path | None, place: str) -> again.Again:
    settings = Settings.from_environment(config)
    return again.prove_file(place, _backup_kek(settings))


def _run_id(what: str) -> UUID | None:
    with suppress(ConfigurationError):
        return parse_run_id(what)
    return None


def _backup_kek(settings: Settings) -> Kek:
    """Return the backup KEK without a look at any database; on trial its file must be there."""
    tried = settings.state / "backup_kek"
    uri = settings.backup_kek or (f"file:{tried}" if settings.embedded and tried.exists() else None)
    if uri is None:
        raise SettingsError("RESEAL_BACKUP_KEK is not set; name the key, e.g. file:/etc/reseal/kek")
    return open_kek(uri, settings.variables)


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[Opening, Store]]:
    opening = Opening.by(config)
    with opening.connected("backup", read_only=False) as store:
        if not schema.exists(store):
            raise ConfigurationError("there is no backup in this database")
        schema.migrate(store, opening.config.application)
        yield opening, store
