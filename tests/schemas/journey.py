"""All tables in one database, led through every command, with a look after each of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from reseal.envelope import Envelope
from reseal.errors import EnvelopeError
from reseal.keyring import Keyring
from reseal.place import KeyPart, Place
from tests.conftest import url_of
from tests.flows.conftest import Ended
from tests.flows.scene import Scene, scene_on
from tests.flows.sentences import NOBODY
from tests.schemas import snapshot
from tests.schemas.schema import ENVELOPE, MARK, Kept, Schema
from tests.schemas.snapshot import Key, Snapshots

# None of these may show in a key that a secret is bound to, or in how a value is written.
ADVERSE = (
    "DateStyle = 'German, DMY'", "TimeZone = 'Asia/Kathmandu'", "IntervalStyle = 'iso_8601'",
    "bytea_output = 'escape'", "extra_float_digits = -4", "standard_conforming_strings = off",
    "search_path = 'nowhere'", "default_transaction_isolation = 'serializable'",
)  # fmt: skip

Part = dict[str, Any]
"""What a command says of a field, as in its document."""
Parts = dict[str, Part]

ASIDE = "SELECT mark, envelope FROM reseal.aside WHERE field = %s"


@dataclass
class Journey:
    """What each command said, and what stood in the tables before and after it."""

    scene: Scene
    schemas: list[Schema]
    looks: dict[str, Snapshots] = field(default_factory=dict)
    said: dict[str, Parts] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    warned: set[tuple[str, str]] = field(default_factory=set)
    opened: dict[str, dict[str, dict[Key, list[bytes | None]]]] = field(default_factory=dict)
    astray: dict[str, list[tuple[Key, Key]]] = field(default_factory=dict)
    untrue: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def go(self, step: str, *words: str) -> Ended:
        """Run a command and look at what it did."""
        ended = self.scene.command_line.run(*words, "--json", timeout=1200)
        assert ended.out, ended.err
        self.codes[step] = ended.code
        self.enter(step, ended.document["fields"])
        return ended

    def enter(self, step: str, parts: Parts) -> None:
        """Keep what a command said of each field, and look at what it did."""
        self.said[step] = parts
        self.look(step)
        if step in ("encrypt", "rotate"):
            self.open_all(step)

    def look(self, step: str) -> None:
        """Keep what stands in every table now."""
        with quiet(self.scene.database) as connection:
            self.looks[step] = snapshot.take(connection, self.schemas)
            self.untrue[step] = {
                schema.name: [
                    condition
                    for condition in conditions(schema, step)
                    if not connection.execute(condition.encode()).fetchone()[0]  # type: ignore[index]
                ]
                for schema in self.schemas
            }

    def open_all(self, step: str) -> None:
        """Open every envelope that stands in the tables now, by the library."""
        with self.scene.library() as (access, store), quiet(self.scene.database) as connection:
            keyring = access.keyring(store)
            self.astray |= {
                schema.named(one): self._astray(keyring, step, schema, one)
                for schema in self.schemas
                for one in schema.fields
                if one.binds_row and not one.is_aside
            }
            self.opened[step] = {
                schema.named(one): self._opened(keyring, connection, step, schema, one)
                for schema in self.schemas
                for one in schema.fields
            }

    def _opened(
        self, keyring: Keyring, connection: psycopg.Connection, step: str, schema: Schema, one: Kept
    ) -> dict[Key, list[bytes | None]]:
        name = schema.named(one)
        aside: dict[str, str] = (
            dict(connection.execute(ASIDE, [name]).fetchall()) if one.is_aside else {}
        )
        mine = schema.cells(one)
        opened = {}
        for key, row in self.looks[step][schema.name].rows.items():
            if key not in mine:
                continue
            place = Place(name, bound(schema, one, row))
            envelopes = ENVELOPE.findall(row[one.column] or "")
            envelopes += [aside[mark] for mark in MARK.findall(row[one.column] or "") if aside]
            opened[key] = [_octets(keyring, place, text) for text in envelopes]
        return opened

    def _astray(
        self, keyring: Keyring, step: str, schema: Schema, one: Kept
    ) -> list[tuple[Key, Key]]:
        """Find the envelopes that open at the place of another row."""
        rows = self.looks[step][schema.name].rows
        mine = {key: rows[key] for key in schema.cells(one)}
        places = {
            key: Place(schema.named(one), bound(schema, one, row)) for key, row in mine.items()
        }
        return [
            (key, other)
            for key, row in mine.items()
            for text in ENVELOPE.findall(row[one.column] or "")[:1]
            for other, place in places.items()
            if other != key and _octets(keyring, place, text) is not None
        ]


def _octets(keyring: Keyring, place: Place, text: str) -> bytes | None:
    try:
        return keyring.open(place, Envelope.parse(text)).octets()
    except EnvelopeError:
        return None


def conditions(schema: Schema, step: str) -> tuple[str, ...]:
    """What must be true of a table now."""
    return schema.always + (schema.after if step not in ("before", "check") else ())


def bound(schema: Schema, one: Kept, row: snapshot.Record) -> tuple[KeyPart, ...]:
    """The key that an application would name for this row."""
    if not one.binds_row:
        return ()
    names = one.words.get("key", list(schema.key))
    return tuple(schema.key[name](row[name] or "") for name in names)


@contextmanager
def quiet(url: str) -> Iterator[psycopg.Connection]:
    """A connection whose output does not depend on the settings of the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SET DateStyle = ISO; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; "
            "SET extra_float_digits = 1; SET standard_conforming_strings = on; "
            "SET search_path = public; SET row_security = off"
        )
        yield connection


@contextmanager
def database(server: str) -> Iterator[str]:
    """A database with the settings that a careless program would stumble over."""
    name = sql.Identifier(made := f"reseal_schemas_{uuid4().hex[:12]}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        for setting in ADVERSE:
            statement = sql.SQL("ALTER DATABASE {} SET ").format(name) + sql.SQL(setting)
            connection.execute(statement)
        yield url_of(server, made)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def fill(url: str, schemas: list[Schema]) -> None:
    """Make every table and its rows."""
    with quiet(url) as connection:
        for schema in schemas:
            connection.execute(schema.ddl.encode())
            copy_in(connection, snapshot.identifier(schema), schema.columns, schema.rows)
            for heir, rows in schema.heirs.items():
                copy_in(connection, sql.Identifier(heir), schema.columns, rows)
        connection.execute("ANALYZE")


def copy_in(
    connection: psycopg.Connection,
    table: sql.Identifier,
    columns: tuple[str, ...],
    rows: tuple[tuple[Any, ...], ...],
) -> None:
    """Write rows as a dump does."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        table, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def toml(fields: list[tuple[str, str, dict[str, Any]]]) -> str:
    """The reseal.toml of these fields: name, table, other words."""
    parts = []
    for name, table, words in fields:
        lines = {"name": name, "table": table, **words}
        # JSON's strings and lists of strings are TOML's, but for DEL, which no word here has.
        said = (
            f"{word} = {json.dumps(value, ensure_ascii=False)}" for word, value in lines.items()
        )
        parts.append("\n".join(["[[field]]", *said]))
    return "\n\n".join(parts) + "\n"


def begin(
    url: str,
    schemas: list[Schema],
    directory: Path,
    prefect_api: str = NOBODY,
    prefect_home: Path = Path("/nowhere"),
) -> Journey:
    """Fill the database, describe every field, and look."""
    fill(url, schemas)
    scene = scene_on(url, prefect_api, prefect_home, directory)
    described = [
        (schema.named(one), schema.qualified, dict(one.words))
        for schema in schemas
        for one in schema.fields
    ]
    scene.command_line.write_config(toml(described))
    journey = Journey(scene, schemas)
    journey.look("before")
    return journey
