"""`reseal evidence`: list, show and check the records of runs. They need no database and no run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from flows.evidence_shown import show_bundle, show_bundles, show_evidence_check
from flows.flags import ConfigPath, Json, print_document
from flows.opening import shelf_of
from reseal.config import load_config
from reseal.errors import ConfigurationError, EvidenceError
from reseal.evidence.announcement import opening_of
from reseal.evidence.bundle_check import Finding, look_at, published_key
from reseal.evidence.check import check
from reseal.evidence.head import HEAD, read_head
from reseal.evidence.listing import listing, so_far
from reseal.evidence.own_key import OWN_KEY, own_public_key
from reseal.evidence.public_key import PublicKey
from reseal.evidence.shelf import Shelf, shelf_at
from reseal.evidence.signing_key import open_signing_key
from reseal.evidence.statement import STATEMENT
from reseal.settings import Settings
from reseal.store.ledger import parse_run_id

app = typer.Typer(help="See the records of runs, and check them.", no_args_is_help=True)

Where = Annotated[
    str | None,
    typer.Argument(help="The directory or URL of the bundles; default that of reseal.toml."),
]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", help="A public key in PEM that may have signed; repeat for more."),
]


@app.command("list")
def list_bundles(where: Where = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Show every run in the order of the chain, by what its bundle says; nothing is checked.

    Nothing is written.
    """
    shelf = _shelf(where, config)
    document = {"where": shelf.where, "checked": False, "runs": listing(shelf)}
    print_document(document, as_json, show_bundles)


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="The id of the run.")],
    where: Where = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Show what the manifest of a run says, once its bundle is as the key in it has signed it.

    Nothing is written.
    """
    shelf, name = _shelf(where, config), str(parse_run_id(run))
    files = shelf.names(name)
    if STATEMENT in files:
        key = published_key(shelf, name)
        seen = look_at(shelf, name, files, [key] if key else [])
        if seen.findings:
            raise EvidenceError(_said(seen.findings))
        by = key.id if key else None
        print_document(seen.facts, as_json, lambda facts: show_bundle(facts, by))
    elif opening := opening_of(shelf, name):
        print_document(so_far(name, opening), as_json, lambda facts: show_bundle(facts, None))
    else:
        raise ConfigurationError(
            f"there is no bundle of run {name} in {shelf.where}; see `reseal evidence list`"
        )


@app.command()
def verify(
    where: Where = None,
    keys: Keys = None,
    head: Annotated[
        str | None,
        typer.Option("--head", help="The SHA-256 of a bundle that was noted when a run ended."),
    ] = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Check every file, signature and link by a public key alone; name what was changed.

    Nothing is written.
    """
    shelf = _shelf(where, config)
    checked = check(shelf, _keys(keys), head)
    print_document(checked.as_dict() | {"where": shelf.where}, as_json, show_evidence_check)
    if checked.findings:
        raise EvidenceError(_said(checked.findings))
    if not checked.bundles:
        raise EvidenceError(f"there is no bundle in {shelf.where}, so nothing was checked")


@app.command("key")
def public_key(where: Where = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Print the public key that signs, for those who check.

    Nothing is written.
    """
    settings = Settings.from_environment(config)
    shelf = _shelf(where, config)
    uri = settings.evidence_key
    key = (
        open_signing_key(uri, settings.variables).public
        if uri and where is None
        else _own_key(shelf)
    )
    document = {"id": key.id, "pem": key.pem.decode()}
    print_document(document, as_json, lambda _: typer.echo(key.pem.decode(), nl=False))


def _shelf(where: str | None, config: Path | None) -> Shelf:
    if where is not None:
        return shelf_at(where)
    settings = Settings.from_environment(config)
    return shelf_of(settings, load_config(settings.config))


def _own_key(shelf: Shelf) -> PublicKey:
    key = own_public_key(shelf)
    if key is None:
        raise ConfigurationError(f"{shelf.where} has no signing key; the first run makes one")
    if shelf.has(HEAD):
        try:
            read_head(shelf.read(HEAD), [key])
        except EvidenceError:
            raise EvidenceError(
                f"the key in {OWN_KEY} has not signed {HEAD}; set RESEAL_EVIDENCE_KEY to the one "
                "that has"
            ) from None
    return key


def _keys(paths: list[Path] | None) -> list[PublicKey]:
    return [PublicKey.parse(_content(path), str(path)) for path in paths or ()]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the key {path} cannot be read: {error.strerror}") from None


def _said(findings: Sequence[Finding]) -> str:
    first, more = findings[0], len(findings) - 1
    return f"{first.where} {first.what}" + (f"; and {more} more" if more else "")
