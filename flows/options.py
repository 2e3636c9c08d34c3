"""What a flow may be told: typed, checked by the server, and never a secret."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from reseal.approval.answer import MOST_NAME, MOST_SECONDS
from reseal.fleet import AT_ONCE, MOST_AT_ONCE, START_WITHIN
from reseal.keyring import KeyState
from reseal.modes import Mode
from tasks.target_name import TargetName

A_DAY = 24 * 3600

RunId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$"),
]


class Where(BaseModel):
    """Which database a run is about, by which configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    target: TargetName | None = None
    """Name of a block of the type Reseal Target; none means the worker's own environment."""
    config: str | None = None
    """Path of reseal.toml; RESEAL_CONFIG or ./reseal.toml where none is given."""


class Scope(Where):
    """Which configuration and which of its fields a run is about."""

    fields: list[str] = Field(default_factory=list)
    """Field names; none means all."""


class SweepOptions(Scope):
    """What every run that begins with a preflight may be told."""

    mode: Mode = Mode.STANDARD
    """How much of the machine the run may take; validate-only writes nothing."""
    skip_refused: bool = False
    """Go on with the fields that preflight passed."""
    require_approval: bool = False
    """Wait for a person before the first write."""
    approval_seconds: int = Field(default=A_DAY, ge=1, le=MOST_SECONDS)
    """How long to wait for her; then the run ends and nothing was written."""
    done_by: str | None = None
    """A date and time to be done by; a run that will be late says so. Default [pace] done_by."""


class EncryptOptions(SweepOptions):
    """How `encrypt_secrets` goes about it."""

    skip_backup: bool = False
    """Refused unless the environment is declared development."""
    backup_to: str | None = None
    """A directory or fsspec URL for a copy of the backup; default `to` in [backup]."""
    guard: bool = False
    """Raise the guard constraint although no application has reported."""


class RotateOptions(SweepOptions):
    """How `rotate_keys` goes about it."""

    assume_readers_ready: bool = False
    """Go on where no application has reported which keys it opens."""
    compromised: int | None = None
    """A key version that others know: replace it at once, as fast as can be."""


class FleetOptions(BaseModel):
    """Which targets `rotate_fleet` has rotated, and how many at a time."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    targets: list[TargetName] = Field(default_factory=list)
    """Names of blocks of the type Reseal Target; none means all."""
    at_once: int = Field(default=AT_ONCE, ge=1, le=MOST_AT_ONCE)
    """How many targets are rotated at the same time."""
    start_within: int = Field(default=START_WITHIN, ge=1, le=A_DAY)
    """Seconds for a worker to begin a target's run; then it is taken back and the next one goes."""


class VerifyOptions(Scope):
    """What `verify_secrets` opens."""


class WatchOptions(Where):
    """What `watch_health` looks at: every field of reseal.toml."""


class RetireOptions(Where):
    """Which data key `retire_key` lets nobody load any more, or erases."""

    version: int = Field(ge=1)
    """The version of the key, as `reseal keys list` shows it."""
    then: Literal[KeyState.DISABLED, KeyState.DESTROYED] = KeyState.DISABLED
    """Disabled can be taken back; destroyed is for good, and asks that it was disabled before."""
    approved_by: str = Field(default="", max_length=MOST_NAME)
    """Name of the person who approved it; without one a gate stays closed and nothing changes."""
    assume_readers_ready: bool = False
    """Applications that do not report are taken not to need the key."""


class CleanOptions(Scope):
    """What `clean_residue` cleans."""

    mode: Mode = Mode.SAFE
    """How much of the machine rewriting rows may take."""


class OptimiseOptions(Scope):
    """How `optimise_schema` goes about it."""

    dry_run: bool = False
    """Build nothing, and say what would be tried."""


class RollbackOptions(Scope):
    """Which run `rollback_run` undoes."""

    run_id: RunId
    """The run to roll back, by its id."""
    mode: Mode = Mode.STANDARD
    """How much of the machine the rollback may take."""
    unseal_newer: bool = False
    """Write the plaintext of what the application sealed since, too."""
