"""`reseal keys`: the commands on data keys. They need neither Prefect nor a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated

import typer

from flows.flags import AssumeReadersReady, ConfigPath, Json, print_document
from flows.keys_shown import show_gates, show_keys
from flows.opening import Opening
from flows.screen import say
from reseal.errors import Refused, SettingsError
from reseal.evidence import own_key
from reseal.kek import open_kek
from reseal.keyring import KeyState
from reseal.keys import Keys
from reseal.retirement import Wish
from reseal.rotation import Wait
from reseal.store import data_key, schema
from reseal.store.store import Store
from tasks.gates import rows_of, why_not

app = typer.Typer(help="See the data keys, and what may be done to them.", no_args_is_help=True)

Version = Annotated[int, typer.Argument(help="The key version.")]
ApprovedBy = Annotated[str, typer.Option("--approved-by", help="Who approved it, by name.")]


@app.command("list")
def list_keys(config: ConfigPath = None, as_json: Json = False) -> None:
    """Show every key: state, owner, dates, seals, and what is still under it.

    Nothing is written.
    """
    opening = Opening.by(config)
    with opening.connected("keys") as store:
        found = _keys_of(opening, store).inventory() if schema.exists(store) else []
    print_document({"keys": found}, as_json, show_keys)


@app.command()
def stage(
    owner: Annotated[
        str | None, typer.Option("--owner", help="Who answers for the key; default is you.")
    ] = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Make the next key, which opens and does not seal yet; or name the one that is staged.

    Writes a wrapped key, and an event of the audit log; no row.
    """
    with _keys(config) as keys:
        version, is_new = keys.stage(owner)
    document = {"version": version, "state": KeyState.STAGED, "made": is_new}
    said = f"Key {version} is staged." if is_new else f"Key {version} was staged before."
    print_document(document, as_json, lambda _: say(said))


@app.command()
def activate(
    version: Version,
    assume_readers_ready: AssumeReadersReady = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Let a key seal from now on, once every live application opens it; the active one retires.

    Writes the states of keys, and an event of the audit log; no row.
    """
    with _keys(config) as keys:
        ready = keys.activate(version, Wait(sleep, monotonic, assumed=assume_readers_ready))
    document = {"version": version, "state": KeyState.ACTIVE, "readers": ready}
    said = f"Key {version} is active. What is under other keys is resealed by `reseal rotate`."
    print_document(document, as_json, lambda _: say(said))


@app.command()
def retire(version: Version, config: ConfigPath = None, as_json: Json = False) -> None:
    """Give up a staged key, or bring back a disabled one: it opens and never seals by itself.

    Writes the state of the key, and an event of the audit log; no row.
    """
    with _keys(config) as keys:
        keys.retire(version)
    document = {"version": version, "state": KeyState.RETIRING}
    print_document(document, as_json, lambda _: say(f"Key {version} is retiring: it opens."))


@app.command()
def disable(
    version: Version,
    approved_by: ApprovedBy = "",
    assume_readers_ready: AssumeReadersReady = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Say whether a retiring key is still needed; where it is not, let nobody load it.

    Writes the state of the key, and an event of the audit log; no row.
    """
    wish = Wish(version, KeyState.DISABLED, approved_by, assume_readers_ready)
    _remove(wish, config, as_json)


@app.command()
def destroy(
    version: Version,
    approved_by: ApprovedBy = "",
    assume_readers_ready: AssumeReadersReady = False,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Say whether a disabled key may go for good; where it may, erase its bytes.

    Writes over the wrapped key, and an event of the audit log; no row.
    """
    wish = Wish(version, KeyState.DESTROYED, approved_by, assume_readers_ready)
    _remove(wish, config, as_json)


@app.command()
def rewrap(
    to: Annotated[
        str | None, typer.Option("--to", help="URI of the new KEK; default RESEAL_NEW_KEK.")
    ] = None,
    config: ConfigPath = None,
    as_json: Json = False,
) -> None:
    """Move all data keys from the KEK of RESEAL_KEK to another one, in one transaction.

    Writes the wrapped keys anew, and an event of the audit log; no row.
    """
    opening = Opening.by(config)
    with opening.connected_to_write("keys") as store:
        keys, variables = _keys_of(opening, store), opening.access.variables
        uri = to or variables.get("RESEAL_NEW_KEK")
        if not uri:
            raise SettingsError("name the new KEK: pass --to URI, or set RESEAL_NEW_KEK")
        old, new = opening.access.kek(), open_kek(uri, variables)
        shelf = opening.shelf
        # For both, until it is certain which of them the data keys are under.
        own_key.rewrap(shelf, [old, new], [old, new])
        moved = keys.rewrap(new)
        own_key.rewrap(shelf, [new], [new])
    said = f"{len(moved)} data keys are under {new.uri} now; set RESEAL_KEK to it everywhere."
    print_document({"kek": new.uri, "moved": moved}, as_json, lambda _: say(said))


def _remove(wish: Wish, config: Path | None, as_json: bool) -> None:
    with _keys(config) as keys:
        answer = keys.remove(wish)
        state = data_key.states(keys.store)[wish.version]
    document = {
        "version": wish.version,
        "state": state,
        "done": answer.done,
        "gates": rows_of(answer, wish.version),
    }
    print_document(document, as_json, show_gates)
    refusal = why_not(answer, wish)
    if refusal:
        raise Refused(refusal)


@contextmanager
def _keys(config: Path | None) -> Iterator[Keys]:
    opening = Opening.by(config)
    with opening.connected_to_write("keys") as store:
        yield _keys_of(opening, store)


def _keys_of(opening: Opening, store: Store) -> Keys:
    return Keys(opening.access, store, opening.settings.actor)
