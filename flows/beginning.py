"""`reseal init`: a first reseal.toml, of what the database shows and what a person knows."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.asking import Asking
from flows.screen import say
from reseal.discover import Answers, Candidate, candidates, exists, unique_names, write_config
from reseal.discover.report import copies_beside
from reseal.embedded import start_server
from reseal.errors import ConfigurationError
from reseal.settings import Settings
from reseal.store import schema
from reseal.store.connection import Connection
from reseal.store.store import Store
from reseal.wording import MOST_DAYS

_KEYS = {"RESEAL_KEK": "kek", "RESEAL_BACKUP_KEK": "backup_kek"}


@dataclass(frozen=True)
class Wishes:
    """What the flags say."""

    table: str | None = None
    column: str | None = None
    application: str | None = None
    base_backups_kept_days: int | None = None
    overwrite: bool = False


def init(config: Path | None, wishes: Wishes, asking: Asking | None) -> dict[str, Any]:
    """Write reseal.toml for the named column, or for the columns that look like one.

    What neither a flag nor the environment says is asked of a person, where there is one.
    """
    settings = Settings.from_environment(config)
    overwrite = _may_write(settings.config, wishes, asking)
    url = settings.database_url or (asking.database() if asking else None)
    with _opened(settings, url) as store:
        found = _found(store, wishes, asking, is_embedded=url is None)
        notes = copies_beside(store, found)
        answers = _answers(store, wishes, asking)
    write_config(settings.config, found, notes, answers, overwrite=overwrite)
    return {
        "config": str(settings.config),
        "fields": unique_names(found),
        "next": [*_next(settings, url)],
    }


def show_init(document: dict[str, Any]) -> None:
    """Say what was written and what comes next."""
    say(f"{document['config']} names {', '.join(document['fields'])}. Look it over. Then:")
    for step in document["next"]:
        say(f"  {step}")


def _may_write(path: Path, wishes: Wishes, asking: Asking | None) -> bool:
    """Say whether a file may be written over, before anything else is asked."""
    if wishes.overwrite or not path.exists():
        return wishes.overwrite
    if asking is None or not asking.overwrite(str(path)):
        raise exists(path)
    return True


@contextmanager
def _opened(settings: Settings, url: str | None) -> Iterator[Store]:
    url = url or start_server(settings.state / "postgres")
    with closing(Store(Connection.open(url, "reseal init", read_only=True))) as store:
        yield store


def _found(
    store: Store, wishes: Wishes, asking: Asking | None, *, is_embedded: bool
) -> list[Candidate]:
    try:
        found = candidates(store, wishes.table, wishes.column)
    except ConfigurationError as error:
        if wishes.table or wishes.column:
            raise
        if is_embedded:
            raise ConfigurationError(
                "no column of the embedded PostgreSQL looks like an MFA secret; "
                "set RESEAL_DATABASE_URL for a database of yours"
            ) from None
        if asking is None:
            raise error from None
        return candidates(store, *asking.column())
    chosen = asking.chosen(found) if asking and not wishes.table else found
    if not chosen:
        raise ConfigurationError("no column was chosen; name one with --table and --column")
    return chosen


def _answers(store: Store, wishes: Wishes, asking: Asking | None) -> Answers:
    role, days = wishes.application, wishes.base_backups_kept_days
    if role is None and asking:
        role = asking.application()
    if role is not None and not schema.is_role(store, role):
        raise ConfigurationError(f"there is no database role {role!r}; correct --application")
    if days is None and asking:
        days = asking.base_backups_kept_days()
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise ConfigurationError(f"--base-backups-kept-days must be from 0 to {MOST_DAYS}")
    return Answers(role, days)


def _next(settings: Settings, url: str | None) -> Iterator[str]:
    """Yield what to type next: settings that are not there yet, then the first look."""
    if url is not None and not settings.database_url:
        yield "export RESEAL_DATABASE_URL=…   # as you have typed it here"
    for name, file in _KEYS.items():
        if url is not None and not settings.variables.get(name):
            yield f"openssl rand -base64 32 > {file} && chmod 600 {file}"
            yield f"export {name}=file:{file}"
    yield "reseal doctor"
    yield "reseal check"
