"""`reseal rotate-fleet`: several databases rotated by the workers of a Prefect server."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.flags import Json, Panel, print_ended
from flows.runs import send_what_is_left
from flows.screen import print_rows, say
from flows.server import prefect_server, prepare_home
from reseal.errors import ConfigurationError, ResealError, SettingsError
from reseal.fleet import AT_ONCE, MOST_AT_ONCE, START_WITHIN, FleetResult
from reseal.settings import Settings

if TYPE_CHECKING:
    from flows.options import FleetOptions

_SHOWN = ("target", "outcome", "exit_code", "rows", "page")

Targets = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TARGET]...", help="Blocks of the type Reseal Target; default all."),
]
AtOnce = Annotated[
    int,
    typer.Option(
        "--at-once",
        min=1,
        max=MOST_AT_ONCE,
        metavar="N",
        help=f"How many at the same time; default {AT_ONCE}.",
    ),
]
StartWithin = Annotated[
    int,
    typer.Option(
        "--start-within",
        min=1,
        metavar="SECONDS",
        help=f"How long a worker has to begin a target's run; default {START_WITHIN}.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("rotate-fleet", rich_help_panel=Panel.PREFECT)(rotate)


def rotate(
    targets: Targets = None,
    at_once: AtOnce = AT_ONCE,
    start_within: StartWithin = START_WITHIN,
    as_json: Json = False,
) -> None:
    """Have workers rotate the keys of several targets; where one fails the others go on.

    Writes what `reseal rotate` does, in the database of each target.
    """
    settings = Settings.from_environment()
    api = settings.variables.get("PREFECT_API_URL")
    if not api:
        raise SettingsError(
            "PREFECT_API_URL is not set, and workers of that server do the work; set it, and see "
            "that one is at work: `reseal serve` brings both up"
        )
    options = _options(targets=targets or [], at_once=at_once, start_within=start_within)
    prepare_home(settings.state)
    with prefect_server(api):
        result = _run(options)
    print_ended(result.as_dict(), as_json, show)


def _options(**given: Any) -> "FleetOptions":
    from pydantic import ValidationError

    from flows.options import FleetOptions

    try:
        return FleetOptions(**given)
    except ValidationError as error:
        (first, *_) = error.errors()
        raise ConfigurationError(
            f"{first['input']!r} will not do for {first['loc'][0]}: {first['msg']}"
        ) from None


def _run(options: "FleetOptions") -> FleetResult:
    # Bring Prefect along.
    from flows.fleet_targets import asked_of
    from flows.rotate_fleet import results, rotate_fleet

    # Before there is a run that has failed.
    asked_of(options.targets)
    try:
        state = rotate_fleet(options, return_state=True)
    finally:
        send_what_is_left()
    if results:
        return results.pop()
    error = state.data if isinstance(state.data, ResealError) else None
    raise error or ResealError(f"the flow did not come to an end: {state.name}")


def show(document: dict[str, Any]) -> None:
    """Show what became of each target, then of all."""
    print_rows([{word: one[word] for word in _SHOWN} for one in document["targets"]])
    say(document["message"])
