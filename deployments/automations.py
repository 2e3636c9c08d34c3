"""Create the automations of automations.yaml on the server, with the blocks that call somebody.

    python -m deployments.automations webhook/pager sendgrid-email/on-call

The first block is called for every change, the second for incidents; `-` leaves one out.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound

FILE = Path(__file__).with_name("automations.yaml")

_LEFT_OUT = "-"
_WRONG_USE = 2


def shipped() -> list[dict[str, Any]]:
    """Return the automations as they are shipped, without blocks."""
    automations: list[dict[str, Any]] = yaml.safe_load(FILE.read_text())["automations"]
    return automations


def filled(blocks: Sequence[str | None]) -> Iterator[AutomationCore]:
    """Yield the automations with the ids of their blocks, but those that have none."""
    for automation, block in zip(shipped(), blocks, strict=True):
        if block is not None:
            actions = [{**action, "block_document_id": block} for action in automation["actions"]]
            yield AutomationCore.model_validate({**automation, "actions": actions})


def put(client: SyncPrefectClient, automation: AutomationCore) -> None:
    """Create an automation in place of one of the same name."""
    for known in client.read_automations_by_name(automation.name):
        client.delete_automation(known.id)
    client.create_automation(automation)


def main(words: Sequence[str]) -> str | int:
    """Look the blocks up and create the automations; return what is wrong, or 0."""
    if len(words) != len(shipped()):
        sys.stderr.write(f"{__doc__}\n")
        return _WRONG_USE
    with get_client(sync_client=True) as client:
        try:
            blocks = [_id(client, word) for word in words]
        except ValueError as error:
            return f"{error}; `prefect block ls` shows which there are, as TYPE/NAME"
        for automation in filled(blocks):
            put(client, automation)
    return 0


def _id(client: SyncPrefectClient, word: str) -> str | None:
    if word == _LEFT_OUT:
        return None
    kind, separator, name = word.partition("/")
    if not separator:
        raise ValueError(f"{word!r} is not TYPE/NAME")
    try:
        return str(client.read_block_document_by_name(name, kind).id)
    except ObjectNotFound:
        raise ValueError(f"there is no block {word}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
