"""The environment, read once; the only module that reads it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from reseal.actor import actor
from reseal.errors import SettingsError
from reseal.logs import Style

STATE_DIRECTORY = ".reseal"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator set. `database_url` None means the embedded server.

    `actor` is who is at work, as the audit log is told, `evidence_link` where a browser finds what
    is kept at `evidence`.
    """

    database_url: str | None
    kek: str | None
    backup_kek: str | None
    config: Path
    evidence: str | None
    evidence_key: str | None
    evidence_link: str | None
    environment: str
    actor: str
    state: Path
    log: Style | None
    variables: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_environment(
        cls, config: Path | None = None, instead: Mapping[str, str] = MappingProxyType({})
    ) -> "Settings":
        """Read RESEAL_* from this process's environment; `config` wins over RESEAL_CONFIG.

        `instead` holds variables that count in place of the environment's own.
        """
        return cls.of({**os.environ, **instead}, Path.cwd(), config)

    @classmethod
    def of(
        cls, variables: Mapping[str, str], directory: Path, config: Path | None = None
    ) -> "Settings":
        """Read RESEAL_* from a mapping; `directory` is where relative paths begin.

        Raise SettingsError where RESEAL_ACTOR is no name, or RESEAL_LOG no way to write lines.
        """
        said = {name: text for name, text in variables.items() if text}
        return cls(
            database_url=said.get("RESEAL_DATABASE_URL"),
            kek=said.get("RESEAL_KEK"),
            backup_kek=said.get("RESEAL_BACKUP_KEK"),
            config=directory / (config or said.get("RESEAL_CONFIG", "reseal.toml")),
            evidence=said.get("RESEAL_EVIDENCE"),
            evidence_key=said.get("RESEAL_EVIDENCE_KEY"),
            evidence_link=said.get("RESEAL_EVIDENCE_LINK"),
            environment=said.get("RESEAL_ENVIRONMENT", "production"),
            actor=actor(said),
            state=directory / STATE_DIRECTORY,
            log=log_style(said),
            variables=MappingProxyType(dict(variables)),
        )

    @property
    def embedded(self) -> bool:
        """Whether Reseal brings its own server."""
        return self.database_url is None

    @property
    def is_development(self) -> bool:
        """Whether the environment is declared to be one where losing data is no loss."""
        return self.environment == "development"


def log_style(variables: Mapping[str, str] | None = None) -> Style | None:
    """Return what RESEAL_LOG asks for, by default in this process's environment."""
    said = (os.environ if variables is None else variables).get("RESEAL_LOG")
    if not said:
        return None
    if said not in list(Style):
        raise SettingsError(f"RESEAL_LOG is {said!r}; it must be {' or '.join(Style)}")
    return Style(said)
