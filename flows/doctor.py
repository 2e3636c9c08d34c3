"""The doctor: what is installed, set, in reach and granted, though some of it is broken."""

import platform
import ssl
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from flows.server import answers
from reseal import __version__
from reseal.access import Access
from reseal.config import Config
from reseal.doctor import reach, rights
from reseal.doctor.diagnosis import Diagnosis, Line, Section, not_looked_at, told
from reseal.doctor.settings import of_environment, of_file
from reseal.errors import SettingsError
from reseal.preflight.question import Finding, ok, warn
from reseal.settings import Settings
from reseal.store.store import Store

PACKAGES = ("prefect", "psycopg", "great-expectations", "cryptography")
_INSTALL = "`make setup` installs what requirements.lock names"


def examine(config: Path | None) -> Diagnosis:
    """Look at everything by itself; nothing is written, and no fault hides another."""
    settings = Settings.from_environment(config)
    described, words = of_file(settings)
    words = [*of_environment(settings, config), *words]
    access, store, database = reach.connect(settings, described or Config(()))
    if access is None or store is None:
        return _diagnosis(settings, described, words, _apart(access, database))
    with closing(store):
        return _diagnosis(settings, described, words, _inside(access, store, database))


Seen = dict[Section, list[Line]]


def _inside(access: Access, store: Store, database: Line) -> Seen:
    return {
        Section.VERSIONS: [reach.version_of_server(access, store)],
        Section.REACH: [database, *reach.of_server(access, store)],
        Section.RIGHTS: [*rights.of_role(access, store)],
    }


def _apart(access: Access | None, database: Line) -> Seen:
    return {
        Section.VERSIONS: [not_looked_at("PostgreSQL", "database")],
        Section.REACH: [database, *reach.of_keys_alone(access)],
        Section.RIGHTS: [not_looked_at("rights", "database")],
    }


def _diagnosis(
    settings: Settings, config: Config | None, words: list[Line], seen: Seen
) -> Diagnosis:
    api = settings.variables.get("PREFECT_API_URL")
    return Diagnosis({
        Section.VERSIONS: (*_versions(), *seen[Section.VERSIONS]),
        Section.SETTINGS: tuple(words),
        Section.REACH: (
            *reach.of_machine(settings, config),
            *seen[Section.REACH],
            told("Prefect API", lambda: _prefect(api)),
        ),
        Section.RIGHTS: tuple(seen[Section.RIGHTS]),
    })  # fmt: skip


def _versions() -> Iterator[Line]:
    yield Line("reseal", __version__)
    yield Line("Python", f"{platform.python_version()}, {ssl.OPENSSL_VERSION}")
    for name in PACKAGES:
        yield told(name, partial(_package, name))


def _package(name: str) -> Finding:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        raise SettingsError(f"not installed; {_INSTALL}") from None
    for asked in _asked(name):
        if not asked.specifier.contains(version, prereleases=True):
            return warn(f"{version}, tried with {asked.specifier}", _INSTALL)
    return ok(version)


def _asked(name: str) -> list[Requirement]:
    asked = map(Requirement, metadata.requires("reseal") or ())
    return [one for one in asked if one.name == name]


def _prefect(api: str | None) -> Finding:
    if api is None or not api:
        return ok("not set: a local server for the length of each command")
    if answers(api):
        return ok("answers")
    return warn("takes connections and does not answer in time", "look at its log, or restart it")
