"""The settings in effect, each with where it comes from; and what was set and is not known."""

from collections.abc import Callable, Iterator
from pathlib import Path

from reseal.config import Config, load_config
from reseal.doctor import redacted
from reseal.doctor.diagnosis import Line, fault
from reseal.errors import ConfigurationError
from reseal.preflight.check import Verdict
from reseal.settings import Settings

# How each is shown.
KNOWN: dict[str, Callable[[str], str]] = {
    "RESEAL_DATABASE_URL": redacted.database,
    "RESEAL_KEK": redacted.key,
    "RESEAL_BACKUP_KEK": redacted.key,
    "RESEAL_NEW_KEK": redacted.key,
    "RESEAL_PKCS11_MODULE": redacted.plain,
    "RESEAL_CONFIG": redacted.plain,
    "RESEAL_EVIDENCE": redacted.place,
    "RESEAL_EVIDENCE_LINK": redacted.link,
    "RESEAL_EVIDENCE_KEY": redacted.key,
    "RESEAL_ACTOR": redacted.plain,
    "RESEAL_LOG": redacted.plain,
    "RESEAL_ENVIRONMENT": redacted.plain,
    "PREFECT_API_URL": redacted.link,
}
# Read by who deploys, and not by Reseal.
_OF_OTHERS = frozenset({"RESEAL_HOME"})
_PREFIX = "RESEAL_"

ENVIRONMENT, DEFAULT = "environment", "default"


def of_environment(settings: Settings, config: Path | None = None) -> Iterator[Line]:
    """Yield what the environment sets, what holds where it does not, and what nobody reads.

    `config` is what the flag names, which wins.
    """
    for name, show in KNOWN.items():
        if name == "RESEAL_CONFIG" and config is not None:
            yield Line(name, str(settings.config), source="--config")
        elif text := settings.variables.get(name):
            yield Line(name, show(text), source=ENVIRONMENT)
        elif name in _DEFAULTS:
            yield Line(name, _DEFAULTS[name](settings), source=DEFAULT)
    if unread := sorted(_unread(settings)):
        said = f"nobody reads {', '.join(unread)}"
        remedy = "look for a misspelling; docs/configuration.md has every setting"
        yield Line("other settings", said, Verdict.WARN, remedy, ENVIRONMENT)


_DEFAULTS: dict[str, Callable[[Settings], str]] = {
    "RESEAL_DATABASE_URL": lambda one: f"an embedded PostgreSQL in {one.state / 'postgres'}",
    "RESEAL_CONFIG": lambda one: str(one.config),
    "RESEAL_ACTOR": lambda one: one.actor,
    "RESEAL_ENVIRONMENT": lambda one: one.environment,
    "PREFECT_API_URL": lambda _: "a local server for the length of each command",
}


def _unread(settings: Settings) -> Iterator[str]:
    # Where a key or a PIN is, a setting says by the name of a variable.
    named = " ".join(settings.variables.get(name, "") for name in KNOWN)
    for name, text in settings.variables.items():
        is_ours = name.startswith(_PREFIX) and name not in KNOWN and name not in _OF_OTHERS
        if is_ours and text and f"env:{name}" not in named:
            yield name


def of_file(settings: Settings) -> tuple[Config | None, list[Line]]:
    """Read reseal.toml; return it if it can be read, and what it says."""
    try:
        config = load_config(settings.config)
    except ConfigurationError as error:
        return None, [fault("reseal.toml", error)]
    return config, [
        Line("reseal.toml", ", ".join(field.name for field in config.fields), source="fields"),
        _word("schema", config.schema, config.schema == "reseal"),
        _word("application", config.application or "the runs' own role", not config.application),
        _word("evidence", redacted.place(settings.evidence or config.evidence),
              config.evidence == "evidence", ENVIRONMENT if settings.evidence else None),
        _word("backup to", redacted.place(config.backup.to) if config.backup.to else "no copy",
              not config.backup.to),
    ]  # fmt: skip


def _word(name: str, value: str, is_default: bool, instead: str | None = None) -> Line:
    return Line(name, value, source=instead or (DEFAULT if is_default else "reseal.toml"))
