"""The commands that are runs, or decide about one: encrypt, rotate, verify, rollback and so on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from flows import approving, runs
from flows.completing import run_ids
from flows.flags import (
    Aggressive,
    ApprovalTimeout,
    AssumeReadersReady,
    ConfigPath,
    DoneBy,
    Fields,
    Json,
    Panel,
    RequireApproval,
    Safe,
    Show,
    SkipRefused,
    approval_options,
    print_document,
    print_ended,
)
from flows.optimised_shown import show_optimised
from flows.result_shown import show_result
from reseal.errors import ConfigurationError
from reseal.modes import Mode


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(rich_help_panel=Panel.BEGIN)(demo)
    for command in (encrypt, rotate, verify, rollback, approve, optimise):
        app.command(rich_help_panel=Panel.RUN)(command)
    app.command("residue", rich_help_panel=Panel.RUN)(look_for_residue)


def encrypt(
    validate_only: Annotated[
        bool, typer.Option("--validate-only", help="Preflight only; nothing is written.")
    ] = False,
    safe: Safe = False,
    aggressive: Aggressive = False,
    skip_backup: Annotated[
        bool, typer.Option("--skip-backup", help="Only where RESEAL_ENVIRONMENT is development.")
    ] = False,
    backup_to: Annotated[
        str | None,
        typer.Option(
            "--backup-to",
            metavar="WHERE",
            help="A directory or fsspec URL for a proven copy of the backup; default [backup] to.",
        ),
    ] = None,
    skip_refused: SkipRefused = False,
    guard: Annotated[
        bool,
        typer.Option("--guard", help="Raise the guard constraint though no application reported."),
    ] = False,
    require_approval: RequireApproval = False,
    approval_timeout: ApprovalTimeout = None,
    done_by: DoneBy = None,
    fields: Fields = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Seal every secret of the fields while the application runs.

    Writes the rows, their backup, Reseal's own tables, shield, guard and index on the table, and
    evidence; with --validate-only, evidence alone.
    """
    options = {
        "mode": _mode(validate_only, safe, aggressive),
        "skip_backup": skip_backup,
        "backup_to": backup_to,
        "skip_refused": skip_refused,
        "guard": guard,
        **approval_options(require_approval, approval_timeout),
        "done_by": done_by,
    }
    _run("encrypt_secrets", config, fields, options, as_json)


def rotate(
    safe: Safe = False,
    aggressive: Aggressive = False,
    skip_refused: SkipRefused = False,
    assume_readers_ready: AssumeReadersReady = False,
    compromised: Annotated[
        int | None,
        typer.Option(
            "--compromised",
            metavar="VERSION",
            help="Replace a key that others know at once; report what that does not cure.",
        ),
    ] = None,
    require_approval: RequireApproval = False,
    approval_timeout: ApprovalTimeout = None,
    done_by: DoneBy = None,
    fields: Fields = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Make a new data key and put every secret of the fields under it.

    Writes the rows, keys, evidence; a backup of what is still plaintext.
    """
    if compromised is not None and safe:
        raise ConfigurationError("--compromised makes haste; leave --safe out")
    options = {
        "mode": _mode(False, safe, aggressive or compromised is not None),
        "skip_refused": skip_refused,
        "assume_readers_ready": assume_readers_ready,
        "compromised": compromised,
        **approval_options(require_approval, approval_timeout),
        "done_by": done_by,
    }
    _run("rotate_keys", config, fields, options, as_json)


def verify(fields: Fields = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Open every envelope and say what is true.

    Writes evidence; nothing in the database but the record of it.
    """
    _run("verify_secrets", config, fields, {}, as_json)


def look_for_residue(
    clean: Annotated[
        bool, typer.Option("--clean", help="Clean what is found, and look again.")
    ] = False,
    safe: Safe = False,
    aggressive: Aggressive = False,
    fields: Fields = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Look on disk for secrets that are sealed by now, by what the backups hold of them.

    Nothing is written; with --clean, rows as they stand, to lie over old bytes, and evidence.
    """
    if clean:
        options = {"mode": _mode(False, safe, aggressive)}
        _run("clean_residue", config, fields, options, as_json)
        return
    # Brings numpy along.
    from flows import residue

    print_document(residue.look(config, fields or []), as_json, residue.show)


def optimise(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Build nothing; say what would be tried.")
    ] = False,
    fields: Fields = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Measure the login queries, build an index beside the application, keep it if it helps.

    Writes an index of the table, and evidence; with --dry-run, evidence alone.
    """
    _run("optimise_schema", config, fields, {"dry_run": dry_run}, as_json, show_optimised)


def rollback(
    run: Annotated[str, typer.Argument(help="The id of the run to undo.", autocompletion=run_ids)],
    unseal_newer: Annotated[
        bool,
        typer.Option("--unseal-newer", help="Write the plaintext of what was sealed since, too."),
    ] = False,
    safe: Safe = False,
    aggressive: Aggressive = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Put back the originals of a run, or undo a rotation or a rollback.

    Writes the rows that are as that run left them, takes guard and shield off, and leaves evidence.
    """
    options = {
        "run_id": run,
        "unseal_newer": unseal_newer,
        "mode": _mode(False, safe, aggressive),
    }
    _run("rollback_run", config, None, options, as_json)


def approve(
    run: Annotated[
        str, typer.Argument(help="The id of the run that waits.", autocompletion=run_ids)
    ],
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Who you are, by name.")],
    reject: Annotated[
        bool, typer.Option("--reject", help="Say no: the run ends and nothing was written.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in words.")] = "",
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Let a run that waits for a person write, or end it; your name goes into the evidence.

    Writes the answer, and an event of the audit log; no row of the table.
    """
    document = approving.answer_run(run, name, reason, is_yes=not reject, config=config)
    print_document(document, as_json, approving.show_answer)


def demo(
    rows: Annotated[int, typer.Option(help="How many users to make.")] = 100_000,
    as_json: Json = False,
) -> None:
    """Watch it work: a table, an application that keeps logging in, and the whole pipeline.

    Writes to the state directory .reseal and a PostgreSQL of its own there; to no other database.
    """
    from flows.demo import demonstrate, show_demo

    print_ended(demonstrate(rows), as_json, show_demo)


def _mode(validate_only: bool, safe: bool, aggressive: bool) -> Mode:
    chosen = [
        mode
        for flag, mode in (
            (validate_only, Mode.VALIDATE_ONLY),
            (safe, Mode.SAFE),
            (aggressive, Mode.AGGRESSIVE),
        )
        if flag
    ]
    if len(chosen) > 1:
        names = " and ".join(f"--{mode.value}" for mode in chosen)
        raise ConfigurationError(f"{names} exclude each other; choose one")
    return chosen[0] if chosen else Mode.STANDARD


def _run(
    flow: str,
    config: Path | None,
    fields: list[str] | None,
    options: dict[str, Any],
    as_json: bool,
    show: Show = show_result,
) -> None:
    scope = {"config": str(config) if config else None, "fields": fields or []}
    print_ended(runs.run(flow, scope | options), as_json, show)
