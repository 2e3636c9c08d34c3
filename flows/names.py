"""What a run is called in the Prefect UI: what it does, to which fields, how, where and when."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from prefect.runtime import flow_run
from pydantic import BaseModel

from reseal.config import load_config
from tasks.target import settings_of

_MOST_NAMED = 2

Words = Callable[[dict[str, Any]], list[str]]


def named(verb: str, words: Words | None = None) -> Callable[[], str]:
    """Return what names a run after its options: `encrypt users.mfa_secret safe 2026-03-01`."""

    def name() -> str:
        given = flow_run.parameters.get("options") or {}
        said = given.model_dump(mode="json") if isinstance(given, BaseModel) else given
        return " ".join([verb, *(words or of_one)(said), f"{datetime.now(UTC):%Y-%m-%d}"])

    return name


def of_several(options: dict[str, Any]) -> list[str]:
    """Return what tells a run from others that are about several targets."""
    chosen = options.get("targets")
    if not chosen:
        return ["all targets"]
    return _few(chosen, "targets")


def of_one(options: dict[str, Any]) -> list[str]:
    """Return what tells a run from others of its flow."""
    of_what = options.get("run_id") or options.get("version")
    target = options.get("target")
    said = [str(of_what) if of_what else _fields(options), options.get("then"), options.get("mode")]
    return [word for word in (*said, f"on {target}" if target else None) if word]


def _fields(options: dict[str, Any]) -> str:
    chosen = options.get("fields") or _all_fields(options)
    if not chosen:
        return "all fields"
    return " ".join(_few(chosen, "fields"))


def _few(chosen: list[str], what: str) -> list[str]:
    return chosen if len(chosen) <= _MOST_NAMED else [f"{len(chosen)} {what}"]


def _all_fields(options: dict[str, Any]) -> list[str]:
    # What is wrong with them the run itself will tell.
    with suppress(Exception):
        settings = settings_of(options.get("config"), options.get("target"))
        return [field.name for field in load_config(settings.config).fields]
    return []
