"""What must be in reach: state directory, keys, evidence, database; each looked at by itself."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from reseal.access import Access
from reseal.config import Config
from reseal.doctor.diagnosis import Line, asked, fault, not_looked_at, told
from reseal.embedded import start_server
from reseal.evidence.own_key import OWN_KEY
from reseal.evidence.shelf import LocalShelf, shelf_at
from reseal.evidence.signing_key import open_signing_key
from reseal.modes import Mode
from reseal.preflight import keys, local, server
from reseal.preflight.question import Finding, ok, refuse, warn
from reseal.preflight.subject import PreflightPlan, Subject
from reseal.settings import Settings
from reseal.sizes import readable
from reseal.store import schema
from reseal.store.store import Store
from reseal.trial_keys import trial_keys
from reseal.unexpected import scrubbed

LEAST_FREE = 1024**3
# What a person leaves in the state directory, so that runs wait or end; see reseal/heeding.py.
WISHES = ("pause", "stop")

NAME = "database"

IN_DATABASE = ("server: writable", "server: pooler", "server: clock")
OF_KEYS = ("keys: kek", "keys: keyring", "keys: backup kek", "keys: separate")

_TRIED = b"reseal doctor: does this key sign?"


def of_machine(settings: Settings, config: Config | None) -> Iterator[Line]:
    """Yield what is in reach without the database."""
    yield told("state directory", lambda: _state(settings.state))
    where = settings.evidence or (config.evidence if config else None)
    yield told("evidence", lambda: _evidence(where))
    if uri := settings.evidence_key:
        yield told("evidence key", lambda: _signs(uri, settings))


def _state(path: Path) -> Finding:
    if obstacle := local.obstacle(path):
        return refuse(f"{obstacle} cannot be written to", "start reseal in a directory of yours")
    left = [name for name in WISHES if (path / name).exists()]
    if left:
        return warn(f"a file {left[0]} is in {path}", f"remove it, or every run heeds `{left[0]}`")
    free = shutil.disk_usage(local.nearest(path)).free
    value = f"{path}, {readable(free)} free"
    if free < LEAST_FREE:
        return warn(value, f"leave {readable(LEAST_FREE)} free for records and temporary files")
    return ok(value)


def _evidence(where: str | None) -> Finding:
    if where is None:
        return warn("not known without reseal.toml", "mend reseal.toml, or set RESEAL_EVIDENCE")
    shelf = shelf_at(where)
    if isinstance(shelf, LocalShelf):
        return local.evidence_at(shelf.where)
    shelf.has(OWN_KEY)
    return ok(f"{shelf.where} answers; a run tries to write there before it begins")


def _signs(uri: str, settings: Settings) -> Finding:
    open_signing_key(uri, settings.variables).sign(_TRIED)
    return ok("signs")


def connect(settings: Settings, config: Config) -> tuple[Access | None, Store | None, Line]:
    """Open a session that can write nothing, and say how that went.

    There is no access where the embedded server was never started: looking starts none.
    """
    if settings.embedded and not (settings.state / "postgres").exists():
        remedy = "set RESEAL_DATABASE_URL for a database of yours; the first command starts this"
        return None, None, told(NAME, lambda: warn("embedded, for trying out, not there", remedy))
    try:
        url = settings.database_url or start_server(settings.state / "postgres")
    except Exception as error:
        return None, None, fault(NAME, scrubbed(error))
    access = Access.of(trial_keys(settings), config, url)
    try:
        store = access.store("doctor", read_only=True)
    except Exception as error:
        return access, None, fault(NAME, scrubbed(error))
    info = store.connection.info
    return access, store, Line(NAME, f"{info.dbname} at {info.host}:{info.port} as {info.user}")


def of_server(access: Access, store: Store) -> Iterator[Line]:
    """Ask what preflight asks of the server and of the keys."""
    subject = Subject(access, store, PreflightPlan(Mode.SAFE), ())
    for question in (*server.SERVER_CHECKS, *keys.KEY_CHECKS):
        if question.name in (*IN_DATABASE, *OF_KEYS):
            yield asked(question, subject, None)
    yield told("application role", lambda: _application(store, access.config))


def _application(store: Store, config: Config) -> Finding:
    name = config.application
    if name is None:
        return ok("the runs' own")
    if schema.is_role(store, name):
        return ok(name)
    return refuse(f"there is no role {name}", "correct `application` in [reseal] of reseal.toml")


def version_of_server(access: Access, store: Store) -> Line:
    """Return the server's version, as preflight judges it."""
    (question,) = (one for one in server.SERVER_CHECKS if one.name == "server: version")
    line = asked(question, Subject(access, store, PreflightPlan(Mode.SAFE), ()), None)
    return Line("PostgreSQL", line.value, line.verdict, line.remedy)


def of_keys_alone(access: Access | None) -> Iterator[Line]:
    """Try the keys where there is no database to compare them with."""
    if access is None:
        yield told("keys", lambda: ok("made by the first command, for trying out"))
        return
    yield told("keys: kek", lambda: keys.proven(access.kek()))
    yield told("keys: backup kek", lambda: keys.proven(access.backup_kek()))
    yield not_looked_at("keys: keyring", "database")
