"""What a run was told to do, in the words in which a person is asked to approve it."""

from contextlib import suppress

from flows.options import EncryptOptions, RotateOptions, SweepOptions
from reseal.approval.plan import Intent
from reseal.errors import StoreError
from reseal.keyring import KeyState
from reseal.store import data_key, schema
from tasks.keys import active_key, find_unfinished
from tasks.run import Run

SKIPPED_BACKUP = "no backup is taken: there is no way back"
GUARDED = "the guard is raised although an application may still write plaintext"
ASSUMED = "readers that do not report are assumed to open the new key"


def to_encrypt(run: Run, options: EncryptOptions) -> Intent:
    """Say what an encryption was told to do."""
    found = data_key.states(run.store) if schema.exists(run.store) else {}
    active = [version for version, state in found.items() if state is KeyState.ACTIVE]
    keys = f"key {active[0]} seals" if active else "a first key is made and seals"
    choices = [SKIPPED_BACKUP] * options.skip_backup + [GUARDED] * options.guard
    return Intent(
        run.result.flow,
        options.mode,
        keys,
        left_out=_left_out(run, options),
        choices=tuple(choices),
    )


def to_rotate(run: Run, options: RotateOptions) -> Intent:
    """Say what a rotation was told to do; it may be one that was left unfinished."""
    active = _goes_on_under(options.compromised)
    choices = [ASSUMED] * options.assume_readers_ready
    if options.compromised is not None:
        choices.append(f"key {options.compromised} is marked as compromised for good")
    return Intent(
        run.result.flow,
        options.mode,
        _next_key(run) if active is None else f"all rows come under key {active}, no key is made",
        settled=frozenset() if active is None else frozenset({active}),
        left_out=_left_out(run, options),
        choices=tuple(choices),
    )


def _goes_on_under(compromised: int | None) -> int | None:
    """Return the key that seals already where no new one is due, or None."""
    # A schema that this version has still to bring forward may lack what is asked.
    with suppress(StoreError):
        if compromised is None:
            change = find_unfinished()
            return change.active if change else None
        active = active_key()
        return None if active == compromised else active
    return None


def _next_key(run: Run) -> str:
    staged = data_key.staged(run.store)
    if staged:
        return f"key {staged[0]}, which is staged, takes over; the one before opens only"
    return "a new key takes over; the one before opens only"


def _left_out(run: Run, options: SweepOptions) -> tuple[str, ...]:
    chosen = run.access.config.select(options.fields)
    return tuple(field.name for field in chosen if field not in run.fields)
