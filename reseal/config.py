"""reseal.toml, read strictly: an unknown word is an error, not a default."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

from reseal.backup.location import Location
from reseal.backup.policy import BackupPolicy
from reseal.clean.policy import CleanPolicy, read_policy
from reseal.errors import ConfigurationError, FieldError
from reseal.field import Field
from reseal.key_policy import KeyPolicy, read_keys
from reseal.optimise.policy import OptimisePolicy
from reseal.pacing.policy import PacePolicy, read_pace
from reseal.path import Path as LeafPath
from reseal.runner_policy import RunnerPolicy, read_runner
from reseal.shape import PATTERNS
from reseal.totp_parameters import TotpParameters
from reseal.wording import need_days, need_whole, need_word

_RESEAL_WORDS = {
    "schema": str, "evidence": str, "application": str, "most_quarantined_percent": int,
    "plots": bool,
}  # fmt: skip
_BACKUP_WORDS = {"kept_days": int, "to": str}
_FIELD_WORDS = {
    "name": str, "table": str, "column": str, "key": list, "format": str,
    "where": str, "empty": list, "bind": str, "path": str, "declared": str, "store": str,
    "triggers": str, "bound_name": str, "digits": int, "period": int, "digest": str,
}  # fmt: skip
DEFAULT_QUARANTINED_PERCENT = 10
_STORES = ("column", "side")
_TRIGGERS = ("fire", "skip")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")


@dataclass(frozen=True, slots=True)
class Config:
    """The fields of one database and where Reseal keeps its own things.

    `application` is the database role of the applications, where that is not the runner's own.
    A run stops when more than `most_quarantined_percent` of the values cannot be sealed. With
    `approval_by_another` nobody approves a run that she started herself. Its page has `plots` or
    not. `optimise` is what is asked at login. `run` is where spans are worked off.
    `sha256` is that of the file, where it was read from one.
    """

    fields: tuple[Field, ...]
    schema: str = "reseal"
    evidence: str = "evidence"
    keys: KeyPolicy = dataclass_field(default_factory=KeyPolicy)
    application: str | None = None
    most_quarantined_percent: int = DEFAULT_QUARANTINED_PERCENT
    backup: BackupPolicy = dataclass_field(default_factory=BackupPolicy)
    approval_by_another: bool = False
    plots: bool = True
    clean: CleanPolicy = dataclass_field(default_factory=CleanPolicy)
    optimise: OptimisePolicy = dataclass_field(default_factory=OptimisePolicy)
    pace: PacePolicy = dataclass_field(default_factory=PacePolicy)
    run: RunnerPolicy = dataclass_field(default_factory=RunnerPolicy)
    sha256: str | None = dataclass_field(default=None, compare=False)

    def field(self, name: str) -> Field:
        """Return the field of this name or say which names there are."""
        for field in self.fields:
            if field.name == name:
                return field
        known = ", ".join(field.name for field in self.fields)
        raise FieldError(f"there is no field {name!r} in the configuration; it has {known}")

    def secret_columns(self, name: str) -> frozenset[str]:
        """Return the columns of all fields that are on the same table as this one."""
        table = self.field(name).qualified_table
        return frozenset(field.column for field in self.fields if field.qualified_table == table)

    def select(self, names: Iterable[str]) -> tuple[Field, ...]:
        """Return the named fields in the order given, or all of them when none is named."""
        return tuple(self.field(name) for name in dict.fromkeys(names)) or self.fields


def load_config(path: Path) -> Config:
    """Read reseal.toml; every fault is a ConfigurationError that names the file and the spot."""
    try:
        content = path.read_bytes()
        text = content.decode()
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}); write one with `reseal init`"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text") from None
    document = _document(path, text)
    try:
        return replace(parse_config(document), sha256=hashlib.sha256(content).hexdigest())
    except ConfigurationError as error:
        raise type(error)(f"{path}: {error}") from None


def _document(path: Path, text: str) -> dict[str, Any]:
    # The parser has an error of its own, but neither for what is too deep nor for what is too long.
    try:
        return tomllib.loads(text)
    except RecursionError:
        said = "its values are nested too deeply"
    except ValueError as error:
        said = str(error)
    raise ConfigurationError(f"{path} is not valid TOML: {said}")


def parse_config(document: Mapping[str, Any]) -> Config:
    """Make a Config of a parsed document."""
    names = ("reseal", "keys", "backup", "approval", "clean", "optimise", "pace", "run")
    tables = {**dict.fromkeys(names, dict), "field": list}
    _known(document, tables, "at the top")
    head = document.get("reseal", {})
    _known(head, _RESEAL_WORDS, "in [reseal]")
    fields = tuple(_field(entry) for entry in document.get("field", []))
    if not fields:
        raise ConfigurationError("no [[field]] is described; name at least one column")
    _distinct(fields)
    schema = head.get("schema", "reseal")
    if not _NAME.fullmatch(schema):
        raise ConfigurationError("schema in [reseal] is not a plain SQL name")
    return Config(
        fields,
        schema,
        head.get("evidence", "evidence"),
        read_keys(document.get("keys", {})),
        head.get("application"),
        _percent(head, "most_quarantined_percent", DEFAULT_QUARANTINED_PERCENT),
        _backup(document.get("backup", {})),
        _by_another(document.get("approval", {})),
        head.get("plots", True),
        read_policy(document.get("clean", {})),
        _optimise(document.get("optimise", {})),
        read_pace(document.get("pace", {})),
        read_runner(document.get("run", {})),
    )


def _percent(head: Mapping[str, Any], word: str, default: int) -> int:
    percent: int = head.get(word, default)
    need_whole(word, percent, (0, 100), "in [reseal]")
    return percent


def _backup(said: Mapping[str, Any]) -> BackupPolicy:
    _known(said, _BACKUP_WORDS, "in [backup]")
    need_days("kept_days", said.get("kept_days", 1), 1, "in [backup]")
    if "to" in said:
        Location.parse(said["to"])
    return BackupPolicy(**said)


def _by_another(said: Mapping[str, Any]) -> bool:
    _known(said, {"by_another": bool}, "in [approval]")
    return bool(said.get("by_another", False))


def _optimise(said: Mapping[str, Any]) -> OptimisePolicy:
    _known(said, {"queries": list}, "in [optimise]")
    return OptimisePolicy(_texts(said.get("queries", []), "queries", "in [optimise]"))


def _field(entry: Mapping[str, Any]) -> Field:
    if not isinstance(entry, dict):
        raise FieldError("field must be a list of tables; write [[field]]")
    where = f"in field {entry.get('name', '(without a name)')!r}"
    _known(entry, _FIELD_WORDS, where)
    for word in ("name", "table", "column"):
        if not entry.get(word):
            raise FieldError(f"{word} is missing {where}")
    schema, table = _split(entry["table"], where)
    return Field(
        name=entry["name"],
        schema=schema,
        table=table,
        column=entry["column"],
        key=_texts(entry.get("key", []), "key", where),
        format=_choice(entry.get("format", "base32"), PATTERNS, "format", where),
        where=entry.get("where"),
        empty=frozenset(_texts(entry.get("empty", [""]), "empty", where)),
        binds_row=_choice(entry.get("bind", "row"), ("row", "field"), "bind", where) == "row",
        path=_path(entry, where),
        declared=_is_declared(entry, where),
        keeps_aside=_choice(entry.get("store", "column"), _STORES, "store", where) == "side",
        skips_triggers=_triggers(entry, where) == "skip",
        fires_triggers=_triggers(entry, where) == "fire",
        bound_as=_bound_as(entry, where),
        totp=_totp(entry, where),
    )


def _bound_as(entry: Mapping[str, Any], where: str) -> str | None:
    name = entry.get("bound_name")
    # Two columns of one row must not be able to swap their envelopes.
    if name is not None and (not name or entry.get("bind") != "field"):
        raise FieldError(f'bound_name {where} must be a name, and goes with bind = "field" only')
    return name


def _totp(entry: Mapping[str, Any], where: str) -> TotpParameters:
    said = {word: entry[word] for word in ("digits", "period", "digest") if word in entry}
    try:
        return TotpParameters(**said)
    except ConfigurationError as error:
        raise FieldError(f"{error} {where}") from None


def _is_declared(entry: Mapping[str, Any], where: str) -> bool:
    if "declared" not in entry:
        return False
    return bool(_choice(entry["declared"], ("plaintext",), "declared", where))


def _triggers(entry: Mapping[str, Any], where: str) -> str | None:
    if "triggers" not in entry:
        return None
    return _choice(entry["triggers"], _TRIGGERS, "triggers", where)


def _path(entry: Mapping[str, Any], where: str) -> LeafPath | None:
    if "path" not in entry:
        return None
    if entry.get("store") == "side":
        raise FieldError(f'path and store = "side" {where} exclude each other')
    try:
        return LeafPath.parse(entry["path"])
    except FieldError as error:
        raise FieldError(f"{error} {where}") from None


def _known(table: Mapping[str, Any], words: Mapping[str, type[Any]], where: str) -> None:
    for word, value in table.items():
        need_word(word, words, where)
        if not isinstance(value, words[word]):
            raise ConfigurationError(f"{word} {where} must be a {_TOML_NAMES[words[word]]}")


_TOML_NAMES: dict[type[Any], str] = {
    str: "string", list: "list", dict: "table", int: "whole number", bool: "boolean",
}  # fmt: skip


def _split(table: str, where: str) -> tuple[str, str]:
    schema, dot, name = table.rpartition(".")
    if dot and not (schema and name):
        raise FieldError(f"table {where} must be written as schema.table")
    return (schema or "public"), name


def _texts(values: list[Any], word: str, where: str) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise FieldError(f"{word} {where} must be a list of strings")
    return tuple(values)


def _choice(value: str, choices: Iterable[str], word: str, where: str) -> str:
    if value not in choices:
        raise FieldError(f"{word} {where} must be one of {', '.join(choices)}")
    return value


def _distinct(fields: tuple[Field, ...]) -> None:
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise FieldError(f"two fields are named {name!r}; names are bound into envelopes")
    borrowed = {field.bound_as for field in fields} - {None}
    for field in fields:
        if field.name in borrowed and field.binds_row:
            raise FieldError(
                f"field {field.name!r} binds rows, so no other field can have it as bound_name"
            )
