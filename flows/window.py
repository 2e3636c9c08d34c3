"""Which runs are at work only while the window of reseal.toml is open."""

from collections.abc import Mapping
from typing import Any

from reseal.decision import now
from reseal.errors import Refused
from reseal.modes import Mode
from reseal.pacing.policy import PacePolicy

# A way back is open at any time, and so is what a leaked key asks for.
_HEEDING = frozenset({"encrypt_secrets", "rotate_keys", "clean_residue", "optimise_schema"})


def heeds_window(flow: str, options: Mapping[str, Any]) -> bool:
    """Say whether a run with these options has to wait for the window."""
    writes = options.get("mode") != Mode.VALIDATE_ONLY and not options.get("dry_run")
    return flow in _HEEDING and writes and options.get("compromised") is None


def need_open(policy: PacePolicy) -> None:
    """Raise Refused where the window is closed."""
    at = now()
    if policy.window and not policy.window.is_open(at):
        raise Refused(f"{policy.window.closed(at)}; nothing was written: run it then")
