"""When a run may be at work, and until when it is to be done: by reseal.toml and its options."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reseal.decision import now
from reseal.errors import Refused
from reseal.modes import Mode
from reseal.pacing.policy import PacePolicy

# A way back is open at any time, and so is what a leaked key asks for.
_HEEDING = frozenset({"encrypt_secrets", "rotate_keys", "clean_residue", "optimise_schema"})


def policy_of(policy: PacePolicy, flow: str, options: Mapping[str, Any]) -> PacePolicy:
    """Return what holds for a run with these options; raise ConfigurationError."""
    if not _heeds_window(flow, options):
        policy = replace(policy, window=None)
    done_by = options.get("done_by")
    return policy if done_by is None else policy.with_date(done_by, "--done-by")


def _heeds_window(flow: str, options: Mapping[str, Any]) -> bool:
    writes = options.get("mode") != Mode.VALIDATE_ONLY and not options.get("dry_run")
    return flow in _HEEDING and writes and options.get("compromised") is None


def need_open(policy: PacePolicy) -> None:
    """Raise Refused where the window is closed."""
    at = now()
    if policy.window and not policy.window.is_open(at):
        raise Refused(f"{policy.window.closed(at)}; nothing was written: run it then")
