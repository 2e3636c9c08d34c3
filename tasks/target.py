"""A database to work on, kept in Prefect as a block, so that a run is told its name only."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, ClassVar

from httpx import HTTPStatusError
from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient
from pydantic import Field, SecretStr, StringConstraints

from reseal.errors import SettingsError
from reseal.settings import Settings
from tasks.target_name import TargetName

_Uri = Annotated[str, StringConstraints(min_length=3, pattern=r":")]


class Target(Block):
    """A database with its keys and its evidence, by what leads to them.

    A field that is left empty is that of reseal.toml, never of the worker's environment.
    """

    _block_type_name: ClassVar[str] = "Reseal Target"
    _block_type_slug: ClassVar[str] = "reseal-target"
    _description: ClassVar[str] = "A database whose MFA secrets Reseal seals, with its keys."

    database_url: SecretStr = Field(
        title="Database URL",
        description="postgresql://runner@host/database, or env:NAME for a variable of the worker.",
    )
    kek: _Uri = Field(
        title="Key-encryption key",
        description="Where it is kept, never the key: file:PATH, env:NAME, awskms:KEY or pkcs11:…",
    )
    backup_kek: _Uri | None = Field(
        default=None,
        title="Key of the backups",
        description="Another one, kept elsewhere; without it nothing that takes a backup runs.",
    )
    evidence: SecretStr | None = Field(
        default=None,
        title="Evidence",
        description="A directory or an fsspec URL for the records of this target's runs.",
    )
    config: str | None = Field(
        default=None,
        title="reseal.toml",
        description="The path at the worker; a run that is given another takes that.",
    )

    def variables(self, given: Settings) -> dict[str, str]:
        """Return what this target says in place of the worker's environment."""
        return {
            "RESEAL_DATABASE_URL": self._url(given),
            "RESEAL_KEK": self.kek,
            "RESEAL_BACKUP_KEK": self.backup_kek or "",
            "RESEAL_EVIDENCE": self.evidence.get_secret_value() if self.evidence else "",
            # What is served beside the UI is the evidence of reseal.toml.
            **({"RESEAL_EVIDENCE_LINK": ""} if self.evidence or self.config else {}),
            "RESEAL_CONFIG": self.config or str(given.config),
        }

    def _url(self, given: Settings) -> str:
        said = self.database_url.get_secret_value()
        if not said.startswith("env:"):
            return said
        name = said.removeprefix("env:")
        url = given.variables.get(name)
        if not url:
            raise SettingsError(
                f"the target's database URL is in {name}, which the worker's environment has not; "
                "set it there"
            )
        return url


def target_names(client: SyncPrefectClient) -> list[str]:
    """Return the name of every target that there is."""
    try:
        # All of them at once: the server gives this list no pages.
        found = client.read_block_documents_by_type(
            Target.get_block_type_slug(), include_secrets=False
        )
    except HTTPStatusError as error:
        if error.response.status_code != HTTPStatus.NOT_FOUND:
            raise
        # Nobody has registered the type yet.
        return []
    return sorted(block.name for block in found if block.name)


def settings_of(config: str | None, target: TargetName | None) -> Settings:
    """Return the settings of a run: the environment's, or those of a target.

    Raise SettingsError where there is no such target.
    """
    path = Path(config) if config else None
    given = Settings.from_environment(path)
    if target is None:
        return given
    return Settings.from_environment(path, instead=_loaded(target).variables(given))


def _loaded(name: TargetName) -> Target:
    try:
        found = Target.load(name)
    except ValueError:
        # Not quoted: what does not fit may be the URL.
        raise SettingsError(
            f"there is no target {name}, or it lacks something; make it in the Prefect UI, under "
            "Blocks, as a Reseal Target"
        ) from None
    if not isinstance(found, Target):
        raise SettingsError(f"the block {name} is no Reseal Target; name one that is")
    return found
