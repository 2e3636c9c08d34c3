"""`reseal evidence`: list, show and check the records of runs. They need no database and no run."""

from pathlib import Path
from typing import Annotated, Any

import typer

from flows.evidence_shown import show_bundle, show_bundles, show_evidence_check
from flows.flags import ConfigPath, Json, print_document
from flows.opening import shelf_of
from reseal.config import load_config
from reseal.errors import ConfigurationError, EvidenceError
from reseal.evidence.check import Checked, check
from reseal.evidence.own_key import own_public_key
from reseal.evidence.public_key import PublicKey
from reseal.evidence.shelf import Shelf, shelf_at
from reseal.evidence.signing_key import open_signing_key
from reseal.settings import Settings

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
    """Show every bundle in the order of the chain."""
    shelf = _shelf(where, config)
    seen = check(shelf, _keys(None)).bundles
    runs = [{**_run(each.facts), "sha256": each.link and each.link.sha256} for each in seen]
    print_document({"where": shelf.where, "runs": runs}, as_json, show_bundles)


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="The id of the run.")],
    where: Where = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Show what the manifest of a run says."""
    shelf = _shelf(where, config)
    found = [each for each in check(shelf).bundles if each.name == run and each.facts]
    if not found:
        raise ConfigurationError(
            f"there is no bundle of run {run} in {shelf.where}; see `reseal evidence list`"
        )
    print_document(found[0].facts, as_json, show_bundle)


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
    """Check every file, signature and link by a public key alone; name what was changed."""
    shelf = _shelf(where, config)
    checked = check(shelf, _keys(keys), head)
    print_document(checked.as_dict() | {"where": shelf.where}, as_json, show_evidence_check)
    if checked.findings:
        raise EvidenceError(_said(checked))


@app.command("key")
def public_key(where: Where = None, config: ConfigPath = None, as_json: Json = False) -> None:
    """Print the public key that signs, for those who check."""
    settings = Settings.from_environment(config)
    shelf = _shelf(where, config)
    uri = settings.evidence_key
    key = (
        open_signing_key(uri, settings.variables).public
        if uri and where is None
        else own_public_key(shelf)
    )
    if key is None:
        raise ConfigurationError(f"{shelf.where} has no signing key; the first run makes one")
    document = {"id": key.id, "pem": key.pem.decode()}
    print_document(document, as_json, lambda _: typer.echo(key.pem.decode(), nl=False))


def _shelf(where: str | None, config: Path | None) -> Shelf:
    if where is not None:
        return shelf_at(where)
    settings = Settings.from_environment(config)
    return shelf_of(settings, load_config(settings.config))


def _keys(paths: list[Path] | None) -> list[PublicKey]:
    return [PublicKey.parse(_content(path), str(path)) for path in paths or ()]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the key {path} cannot be read: {error.strerror}") from None


def _run(facts: dict[str, Any]) -> dict[str, Any]:
    words = ("run_id", "flow", "mode", "outcome", "started", "finished")
    run = facts.get("run")
    return {word: run.get(word) if isinstance(run, dict) else None for word in words}


def _said(checked: Checked) -> str:
    first = checked.findings[0]
    more = len(checked.findings) - 1
    return f"{first.where} {first.what}" + (f"; and {more} more" if more else "")
